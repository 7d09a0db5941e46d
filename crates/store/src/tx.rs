//! A transaction: the only way to the tables, the same for both engines.

use crate::{Error, Result};

/// A value in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    fn value(&self, column: usize) -> Result<&Value> {
        self.0.get(column).ok_or(Error::Corrupt {
            what: "a row that is too short",
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the column holds something else.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self.value(column)? {
            Value::Int(number) => Ok(*number),
            _ => Err(Error::Corrupt {
                what: "a column that is no number",
            }),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the column holds something else.
    pub fn text(&self, column: usize) -> Result<&str> {
        match self.value(column)? {
            Value::Text(text) => Ok(text),
            _ => Err(Error::Corrupt {
                what: "a column that is no text",
            }),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the column holds something else.
    pub fn bytes(&self, column: usize) -> Result<&[u8]> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Error::Corrupt {
                what: "a column that is no bytes",
            }),
        }
    }

    /// A whole number, or nothing.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the column holds something else.
    pub fn optional_int(&self, column: usize) -> Result<Option<i64>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// A text, or nothing.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the column holds something else.
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }
}

/// A statement. SQLite and PostgreSQL share the text, but for the few that claim work.
#[derive(Debug)]
pub struct Sql {
    pub(crate) both: &'static str,
    pub(crate) postgres: Option<&'static str>,
    pub(crate) sqlite: std::sync::OnceLock<String>,
}

impl Sql {
    /// The text for PostgreSQL.
    #[must_use]
    pub fn for_postgres(&self) -> &'static str {
        self.postgres.unwrap_or(self.both)
    }

    /// The text for SQLite, where `$2` would be a name and `?2` is the second argument.
    pub fn for_sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| self.both.replace('$', "?"))
    }
}

/// Where a transaction can be stopped, for tests of crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before a statement that is not a query.
    Statement,
    /// Before the commit.
    BeforeCommit,
    /// After the commit, before anybody is told.
    AfterCommit,
}

/// Somebody who watches every persistence point, and may stop the process there.
pub trait Probe: Send + Sync {
    /// Called at every point.
    ///
    /// # Errors
    /// [`Error::Stopped`] to behave as if the process had been killed there.
    fn at(&self, point: Point) -> Result<()>;
}

/// What a function in a transaction works with.
pub trait Tx {
    /// Runs a statement.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the transaction should be run again; otherwise what the engine says.
    fn run(&mut self, sql: &'static Sql, arguments: &[Value]) -> Result<Vec<Row>>;
}

/// Declares statements: `NAME = "text for both";` or `NAME = "text", postgres: "text";`.
macro_rules! statements {
    ($($name:ident = $both:expr $(, postgres: $postgres:expr)?;)*) => {
        $(static $name: crate::tx::Sql = crate::tx::Sql {
            both: $both,
            postgres: statements!(@postgres $($postgres)?),
            sqlite: std::sync::OnceLock::new(),
        };)*
        /// Every statement of this part, for the test that prepares them all.
        pub(crate) const STATEMENTS: &[&crate::tx::Sql] = &[$(&$name),*];
    };
    (@postgres) => { None };
    (@postgres $text:expr) => { Some($text) };
}
pub(crate) use statements;
