//! Programs that must not compile, and what the compiler says of them: each `compile_fail/*.rs` has its messages in a file
//! beside it.
//!
//! Where a message is the compiler's own, another version of it may word it otherwise. `TRYBUILD=overwrite cargo test -p
//! oxilua-derive` writes the messages anew; look at what changed.

#[test]
fn messages() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
