//! `#[derive(UserData)]`.
#![allow(unused)]
use oxilua::UserData;

#[derive(UserData)]
struct Fields {
    #[lua(readonly)]
    unknown_word: i64,
    #[lua(skip, get)]
    skipped_and_not: i64,
    #[lua(name)]
    no_name: i64,
    #[lua(name = "")]
    empty_name: i64,
    #[lua(get, get)]
    twice: i64,
    #[lua(get = true)]
    value: i64,
    #[lua]
    no_words: i64,
}

#[derive(UserData)]
struct Generic<T> {
    value: T,
}

#[derive(UserData)]
struct Lifetime<'a>(&'a str);

#[derive(UserData)]
union Either {
    a: i64,
    b: f64,
}

#[derive(UserData)]
struct Tuple(#[lua(get)] i64);

#[derive(UserData)]
enum Variants {
    Some(#[lua(name = "value")] i64),
}

#[derive(UserData)]
#[lua(name = "Other")]
struct Named;

fn main() {}
