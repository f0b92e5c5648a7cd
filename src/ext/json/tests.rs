//! The fast pass against the careful one, on documents made at random and then damaged: whatever the fast pass accepts the
//! careful pass must accept too, with the same value. The rest of the module is tested from Lua, in lua-tests/; here is only what
//! a script cannot do.

use super::error::Failure;
use super::options::{Big, Nan, Options};
use super::tape::{Cell, Tag};
use super::workspace::Workspace;
use super::{careful, fast};

/// A cell with its string, whichever way the tape says it.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    String(Vec<u8>),
    Other(Cell),
}

/// A small generator of pseudo-random numbers (xorshift), the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const WHITE: &[&str] = &["", "", "", " ", "\n", "\n    ", "\n                    ", "\t", "\r\n", "  \n  "];
const KEYS: &[&str] = &[
    "a",
    "b",
    "id",
    "",
    "name",
    "exactly8",
    "sevench",
    "nine chars",
    "fifteen_chars__",
    "sixteen_chars___",
    "a key of seventee",
    "a much longer key, of more than thirty-two bytes",
    "k\\n",
    "\\u00e9",
    "é",
    "a key so long that it is neither remembered nor predicted, because it has too many bytes",
];
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "12345678",
    "123456789",
    "1234567890123456",
    "999999999999999999",
    "1000000000000000000",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "123456789012345678901234567890",
    "0.5",
    "-0.0",
    "1e5",
    "1E+5",
    "1e-5",
    "1.5e300",
    "1e400",
    "-1e400",
    "65.613616999999977",
    "0.1e-400",
    "1.7976931348623157e308",
    "5e-324",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "1e+",
    "+1",
    "0x10",
    "NaN",
    "Infinity",
    "-Infinity",
    "00",
    "-01",
    "1.5.5",
    "12345678.9012345678",
];
const STRINGS: &[&str] = &[
    "",
    "a",
    "seven..",
    "eight...",
    "nine.....",
    "a string of some length, longer than one or two words",
    "\\\"",
    "\\\\",
    "\\/",
    "\\b\\f\\n\\r\\t",
    "\\u0041",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\udc00",
    "\\ud800\\u0041",
    "\\u12",
    "\\x",
    "\\",
    "é",
    "日本語のテキスト",
    "\u{7f}",
    "\u{80}",
    "\t",
    "\n",
    "\u{0}",
    "tail\\n",
    "\\nhead",
    "\\u0000",
];

fn white(r: &mut Random, out: &mut Vec<u8>) {
    out.extend_from_slice(r.pick(WHITE).as_bytes());
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn value(r: &mut Random, depth: usize, out: &mut Vec<u8>) {
    white(r, out);
    match r.below(if depth == 0 { 5 } else { 9 }) {
        0 => out.extend_from_slice(r.pick(&["null", "true", "false"]).as_bytes()),
        // Mostly good ones, or no document would be.
        1 | 2 => {
            let n = if r.below(4) == 0 { NUMBERS.len() } else { 28 };
            out.extend_from_slice(r.pick(&NUMBERS[..n]).as_bytes());
        }
        3 | 4 => {
            let n = if r.below(4) == 0 { STRINGS.len() } else { 12 };
            quoted(r.pick(&STRINGS[..n]), out);
        }
        5 | 6 => {
            out.push(b'[');
            for i in 0..r.below(5) {
                if i > 0 {
                    out.push(b',');
                }
                value(r, depth - 1, out);
            }
            white(r, out);
            out.push(b']');
        }
        _ => {
            out.push(b'{');
            let first = r.below(KEYS.len());
            for i in 0..r.below(6) {
                if i > 0 {
                    out.push(b',');
                }
                white(r, out);
                // Neighbours in the list, so that keys do follow each other.
                let key = if r.below(5) == 0 { r.below(KEYS.len()) } else { (first + i) % KEYS.len() };
                quoted(KEYS[key], out);
                white(r, out);
                out.push(b':');
                value(r, depth - 1, out);
            }
            white(r, out);
            out.push(b'}');
        }
    }
    white(r, out);
}

fn damage(r: &mut Random, text: &mut Vec<u8>) {
    for _ in 0..1 + r.below(2) {
        if text.is_empty() {
            return;
        }
        let i = r.below(text.len());
        let j = (i + r.below(4)).min(text.len());
        let bytes = b"\"\\,:[]{}0-.e+ \n\tntf\x00\x1f\x80\xff\xf5\xed";
        let byte = bytes[r.below(bytes.len())];
        match r.below(5) {
            0 => text[i] = byte,
            1 => text.insert(i, byte),
            2 => drop(text.drain(i..j)),
            3 => text.truncate(i),
            _ => {
                let part = text[i..j].to_vec();
                text.splice(j..j, part);
            }
        }
    }
}

fn plain(space: &Workspace) -> Vec<Plain> {
    let mut kept = vec![None; 300];
    let cells = space.reader.tape.cells().iter();
    cells
        .map(|cell| match cell.tag {
            // SAFETY: the document and the workspace are still there.
            Tag::Str => Plain::String(unsafe { cell.bytes() }.to_vec()),
            Tag::Keep => {
                // SAFETY: as above.
                let string = Plain::String(unsafe { cell.bytes() }.to_vec());
                kept[cell.slot as usize] = Some(string.clone());
                string
            }
            Tag::Slot => kept[cell.slot as usize].clone().expect("kept before it is used"),
            _ => Plain::Other(*cell),
        })
        .collect()
}

fn compare(space: &mut Workspace, text: &[u8], rules: &Options) -> (bool, bool) {
    let reader = &mut space.reader;
    reader.tape.start(rules.max_depth as usize);
    reader.keys.start(0);
    reader.arena.clear();
    let fast = fast::read(text, rules, &mut reader.tape, &mut reader.keys, &mut reader.arena);
    let (value, depth) = (plain(space), space.reader.tape.depth());
    let reader = &mut space.reader;
    reader.tape.start(rules.max_depth as usize);
    reader.arena.clear();
    let careful = careful::read(text, rules, &mut reader.tape, &mut reader.arena);
    let shown = String::from_utf8_lossy(text);
    if fast.is_ok() {
        assert_eq!(careful, Ok(()), "accepted too much: {shown}");
        assert_eq!(value, plain(space), "another value: {shown}");
        assert_eq!(depth, space.reader.tape.depth(), "another depth: {shown}");
    }
    if let Err(failure) = careful {
        let Failure::At(_, at) = failure else { panic!("no position: {failure:?} in {shown}") };
        assert!(at <= text.len(), "{at} is outside of {shown}");
    }
    (fast.is_ok(), careful.is_ok())
}

#[test]
fn the_fast_pass_accepts_nothing_else() {
    let mut space = Workspace::new();
    let mut r = Random(0x9E37_79B9_7F4A_7C15);
    let (mut both, mut neither, mut careful_only) = (0, 0, 0);
    let rounds = std::env::var("OXILUA_JSON_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40_000);
    for round in 0..rounds {
        let mut text = Vec::new();
        value(&mut r, 1 + round % 5, &mut text);
        if r.below(2) == 0 {
            damage(&mut r, &mut text);
        }
        let rules = Options {
            max_depth: if r.below(8) == 0 { 2 } else { 1000 },
            bigint: [Big::Number, Big::Error, Big::String][r.below(3)],
            nan: if r.below(4) == 0 { Nan::Allow } else { Nan::Error },
            ..Options::new(r.below(2) == 0)
        };
        match compare(&mut space, &text, &rules) {
            (true, _) => both += 1,
            (false, false) => neither += 1,
            (false, true) => careful_only += 1,
        }
    }
    // Both kinds of documents came up, and the fast pass is not only fast because it leaves the work to the other.
    assert!(both > rounds / 5 && neither > rounds / 10, "{both} {neither}");
    assert!(careful_only < rounds / 20, "{careful_only} of {rounds} documents needed the careful pass");
}

#[test]
fn every_prefix_of_a_document() {
    let mut space = Workspace::new();
    let text = br#" {"a": [1, -2.5e3, "x\u00e9\ud83d\ude00y", true, null], "a key of seventee": {"a": false}, "a": {"a key of seventee": ""}} "#;
    for len in 0..text.len() - 1 {
        assert_eq!(compare(&mut space, &text[..len], &Options::new(true)), (false, false), "{len}");
    }
    assert_eq!(compare(&mut space, text, &Options::new(true)), (true, true));
}

#[test]
fn every_byte_in_every_place() {
    let mut space = Workspace::new();
    let text = br#"{"ab":[1,"cd\n",-2.5e3,true],"ab":{"ab":null,"ab":0}}"#;
    for i in 0..text.len() {
        for byte in 0..=255 {
            let mut text = *text;
            text[i] = byte;
            compare(&mut space, &text, &Options::new(true));
        }
    }
}

/// The sum of what every function did before memory ran out, or nothing if it never did.
const SCRIPT: &str = r#"
    local json, document = ...
    local value = json.decode(document)
    local text = json.encode(value, {sort_keys = true, indent = 2})
    local again = json.encode(json.decode(text, {array_mt = true, null = "none"}))
    -- No upvalues: LuaJIT loses the place of those it had no memory for, which its assertions notice when the state is closed.
    local function tojson(self) return self.json.encode(self.value) end
    local object = json.encode {setmetatable({json = json, value = value}, {__tojson = tojson})}
    return #text + #again + #object
"#;

/// Memory may run out at any point: that is an error, and nothing else comes of it.
#[test]
fn every_failing_allocation() {
    let lua = crate::Lua::new();
    let module = super::open(&lua).unwrap();
    let function = lua.load(SCRIPT).into_function().unwrap();
    let document =
        r#"{"list":[1,2.5,null,"three",[],{}],"again":[{"id":1,"name":"a\n"},{"id":2,"name":"b"},{"id":3}]}"#;
    let want = function.call::<usize>((&module, document)).unwrap();
    let fail = crate::__private::fail_allocation;
    if !fail(&lua, usize::MAX) {
        return; // a Lua that manages its own memory
    }
    let mut failed = 0;
    for n in 0.. {
        lua.gc_collect().unwrap();
        fail(&lua, n);
        let result = function.call::<usize>((&module, document));
        fail(&lua, usize::MAX);
        match result {
            Ok(length) => {
                assert_eq!(length, want);
                break;
            }
            Err(error) => assert!(error.to_string().contains("memory"), "{n}: {error}"),
        }
        assert_eq!(function.call::<usize>((&module, document)).unwrap(), want, "after failure {n}");
        failed += 1;
    }
    assert!(failed > 20, "{failed}");
}

/// The functions work for as long as Lua runs anything, and the two modules of a state know each other's arrays.
#[test]
fn modules_of_one_state() {
    let lua = crate::Lua::new();
    let (json, safe) = (super::open(&lua).unwrap(), super::open_safe(&lua).unwrap());
    let check = "local a, b = ... return a.array_mt == b.array_mt and a.empty_array_mt == b.empty_array_mt
        and b.encode(a.decode '[]') == '[]' and b.encode(setmetatable({}, a.array_mt)) == '[]'";
    assert!(lua.load(check).call::<bool>((&json, &safe)).unwrap());
    let other = crate::Lua::new();
    let theirs = super::open(&other).unwrap();
    assert_eq!(other.load("return (...).encode((...).decode '[]')").call::<String>(theirs).unwrap(), "[]");
}
