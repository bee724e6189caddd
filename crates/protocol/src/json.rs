//! JSON as a value: what a browser's build reads and writes, instead of one generated reader and writer for
//! every type. Reading text is the client's, which has a strict reader.

pub use byoa_json::{Object, Value};

/// An object with these members; those that are null are left out.
#[must_use]
pub fn object(members: Vec<(&'static str, Value)>) -> Value {
    let mut object = Object::new();
    for (name, value) in members {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    }
    Value::Object(object)
}

/// The text of a value.
#[must_use]
pub fn write(value: &Value) -> String {
    value.write()
}

/// The member, where it is a string.
#[must_use]
pub fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    object.get(name)?.as_str()
}

/// The member, where it is a whole number.
#[must_use]
pub fn whole(object: &Object, name: &str) -> Option<i64> {
    object.get(name)?.as_i64()
}

/// What type a member has to have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    Flag,
    Object,
    List,
    /// A list of objects of that shape.
    ListOf(&'static Shape),
}

/// The members of an object. `null` counts as absent.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) members: &'static [(&'static str, Kind)],
    pub(crate) required: &'static [&'static str],
}

impl Shape {
    /// The members that are known here, each of its type; what is not known is left out. The error is the
    /// name of a member that is missing or of another type.
    pub(crate) fn read(&self, found: Object) -> Result<Object, String> {
        let mut kept = Object::new();
        for (name, value) in found {
            let known = self.members.iter().find(|(known, _)| *known == name);
            let Some((_, kind)) = known.filter(|_| !value.is_null()) else {
                continue;
            };
            let value = match (kind, value) {
                (Kind::ListOf(shape), Value::Array(items)) => Value::Array(shape.read_all(items)?),
                (Kind::Text, value @ Value::String(_))
                | (Kind::Flag, value @ Value::Bool(_))
                | (Kind::Object, value @ Value::Object(_))
                | (Kind::List, value @ Value::Array(_)) => value,
                _ => return Err(name),
            };
            kept.insert(name, value);
        }
        match self.required.iter().find(|name| !kept.contains_key(name)) {
            Some(missing) => Err((*missing).to_owned()),
            None => Ok(kept),
        }
    }

    fn read_all(&self, items: Vec<Value>) -> Result<Vec<Value>, String> {
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            let Value::Object(item) = item else {
                return Err("an item of a list".to_owned());
            };
            read.push(Value::Object(self.read(item)?));
        }
        Ok(read)
    }
}
