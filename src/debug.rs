//! What is known of running functions.

/// The words that `lua_getinfo` uses, as constants.
pub(crate) fn known_word(word: &str) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "Lua",
        "C",
        "main",
        "tail",
        "global",
        "local",
        "method",
        "field",
        "upvalue",
        "constant",
        "metamethod",
        "for iterator",
        "hook",
        "function",
    ];
    WORDS.iter().find(|known| **known == word).copied()
}
