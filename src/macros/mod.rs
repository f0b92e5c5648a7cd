//! What the code calls that the macros write. Public for that code only.

mod chunk;
mod userdata;

pub use chunk::{capture, chunk, chunk_with};
pub use inventory;
pub use userdata::{
    Entry, Members, Outcome, add_getter, add_setter, clone_out, into_value, into_values, made_with,
    register_members,
};

pub use crate::string::{BorrowedBytes, BorrowedStr};
pub use crate::userdata::{
    UserDataFields, UserDataMethods, UserDataOwned, UserDataRef, UserDataRefMut, UserDataRegistry,
};
