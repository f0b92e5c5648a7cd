//! The registry: Lua values kept for Rust, by a key that can be stored anywhere.

use crate::convert::{FromLua, IntoLua};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::value::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::raw::c_int;
use std::sync::{Arc, Mutex, PoisonError};

/// The keys that were dropped: shared with the keys, which may be dropped on any thread.
type Dropped = Mutex<Vec<c_int>>;

/// A state's registry.
#[derive(Default)]
pub(crate) struct Registry {
    values: RefCell<HashMap<c_int, Value>>,
    named: RefCell<HashMap<String, Value>>,
    next: std::cell::Cell<c_int>,
    dropped: Arc<Dropped>,
}

/// The key of a value in the registry. It is not tied to the life of the state, and can move to other threads.
///
/// A value is removed once its key has been dropped, at the next
/// [`expire_registry_values`](Lua::expire_registry_values) or the next value that is stored.
pub struct RegistryKey {
    id: c_int,
    dropped: Arc<Dropped>,
}

impl RegistryKey {
    /// The number of the key among those of its state. Numbers of keys that are gone come back.
    pub fn id(&self) -> c_int {
        self.id
    }
}

impl fmt::Debug for RegistryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistryKey({})", self.id)
    }
}

impl Hash for RegistryKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl PartialEq for RegistryKey {
    fn eq(&self, other: &RegistryKey) -> bool {
        self.id == other.id && Arc::ptr_eq(&self.dropped, &other.dropped)
    }
}

impl Eq for RegistryKey {}

impl Drop for RegistryKey {
    fn drop(&mut self) {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner).push(self.id);
    }
}

impl Lua {
    fn registry(&self) -> &Registry {
        &self.state().registry
    }

    /// Stores a value under a new key.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn create_registry_value(&self, value: impl IntoLua) -> Result<RegistryKey> {
        let value = self.state().lend_value(value.into_lua(self)?)?;
        self.expire_registry_values();
        let registry = self.registry();
        let mut values = registry.values.borrow_mut();
        // A number that is not in use; they wrap around only after 2^31 values.
        let mut id = registry.next.get();
        while values.contains_key(&id) {
            id = id.checked_add(1).unwrap_or(0);
        }
        registry.next.set(id.checked_add(1).unwrap_or(0));
        values.insert(id, value);
        Ok(RegistryKey { id, dropped: registry.dropped.clone() })
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`Error::MismatchedRegistryKey`] if the key is another state's; those of the conversion.
    pub fn registry_value<T: FromLua>(&self, key: &RegistryKey) -> Result<T> {
        if !self.owns_registry_value(key) {
            return Err(Error::MismatchedRegistryKey);
        }
        let value = self.registry().values.borrow().get(&key.id).cloned();
        T::from_lua(value.unwrap_or(Value::Nil), self)
    }

    /// Replaces the value of a key.
    ///
    /// # Errors
    /// As for [`registry_value`](Lua::registry_value).
    pub fn replace_registry_value(&self, key: &mut RegistryKey, value: impl IntoLua) -> Result<()> {
        if !self.owns_registry_value(key) {
            return Err(Error::MismatchedRegistryKey);
        }
        let value = self.state().lend_value(value.into_lua(self)?)?;
        let old = self.registry().values.borrow_mut().insert(key.id, value);
        self.state().return_value(old);
        Ok(())
    }

    /// Removes the value of a key.
    ///
    /// # Errors
    /// [`Error::MismatchedRegistryKey`] if the key is another state's.
    pub fn remove_registry_value(&self, key: RegistryKey) -> Result<()> {
        if !self.owns_registry_value(&key) {
            return Err(Error::MismatchedRegistryKey);
        }
        drop(key);
        self.expire_registry_values();
        Ok(())
    }

    /// Whether the key is of this state.
    pub fn owns_registry_value(&self, key: &RegistryKey) -> bool {
        Arc::ptr_eq(&self.registry().dropped, &key.dropped)
    }

    /// Removes the values whose keys have been dropped.
    pub fn expire_registry_values(&self) {
        let registry = self.registry();
        let dropped = std::mem::take(&mut *registry.dropped.lock().unwrap_or_else(PoisonError::into_inner));
        for id in dropped {
            let old = registry.values.borrow_mut().remove(&id);
            self.state().return_value(old);
        }
    }

    /// Stores a value under a name, which only this copy of oxilua sees; nil removes it.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn set_named_registry_value(&self, name: &str, value: impl IntoLua) -> Result<()> {
        let old = match value.into_lua(self)? {
            Value::Nil => self.registry().named.borrow_mut().remove(name),
            value => {
                let value = self.state().lend_value(value)?;
                self.registry().named.borrow_mut().insert(name.to_owned(), value)
            }
        };
        self.state().return_value(old);
        Ok(())
    }

    /// The value stored under a name, nil if there is none.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn named_registry_value<T: FromLua>(&self, name: &str) -> Result<T> {
        let value = self.registry().named.borrow().get(name).cloned();
        T::from_lua(value.unwrap_or(Value::Nil), self)
    }

    /// Removes the value stored under a name.
    ///
    /// # Errors
    /// None now.
    pub fn unset_named_registry_value(&self, name: &str) -> Result<()> {
        self.set_named_registry_value(name, Value::Nil)
    }
}

impl crate::raw::State {
    /// A value that the state keeps for Rust. Its reference must not keep the state's memory, or nothing would free it.
    ///
    /// # Errors
    /// If it is a value of another state, or the state is being closed.
    pub(crate) fn lend_value(&self, value: Value) -> Result<Value> {
        if let Some(handle) = value.handle() {
            self.check_same(handle)?;
            self.forget_memory();
        }
        Ok(value)
    }

    /// Drops all values: the state is being closed.
    pub(crate) fn clear_registry(&self) {
        let (values, named) = (self.registry.values.take(), self.registry.named.take());
        values.into_values().chain(named.into_values()).for_each(|value| self.return_value(Some(value)));
    }

    /// Drops a value that `lend_value` made.
    pub(crate) fn return_value(&self, value: Option<Value>) {
        if let Some(value) = value {
            if value.handle().is_some() {
                self.keep_memory();
            }
            drop(value);
        }
    }
}
