//! The extensions of this build.

use super::oxl_str;
use super::str::Text;
use crate::ext::ALL;
use std::sync::OnceLock;

entry! {
    /// How many extensions this build of the library has. Any thread.
    fn oxl_extension_count() -> usize {
        ALL.len()
    }
}

entry! {
    /// What `require` calls an extension, such as "oxilua.json", from 0 on; an empty text if there are not so many. Valid for
    /// as long as the process runs. Any thread.
    fn oxl_extension_name(index: usize) -> oxl_str {
        static NAMES: OnceLock<Vec<Text>> = OnceLock::new();
        let names = NAMES.get_or_init(|| ALL.iter().map(|extension| Text::new(extension.name)).collect());
        names.get(index).map_or(oxl_str::EMPTY, Text::view)
    }
}
