use contract::{Code, Problem};
use domain::words;
use sea_orm::{DbErr, SqlErr};

/// Why somebody who looks into a business changes nothing there.
pub(crate) const ONLY_LOOKING: &str =
    "You look into this business as somebody who runs the installation. Nothing can be changed here.";

pub type Result<T> = std::result::Result<T, Error>;

/// What a use case answers when it can't do what was asked. A client sees only `problem()`; causes are for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The asker's to solve.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    #[error("database: {0}")]
    Db(#[from] DbErr),
    #[error("database: {0}")]
    Sqlx(#[from] sqlx::Error),
    /// A row or a library holds something it should not.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    /// What the client may know.
    pub fn problem(&self) -> Problem {
        match self {
            Error::Problem(p) => (**p).clone(),
            Error::Db(cause) if only_reads(cause) => Problem::new(Code::NotAllowed, ONLY_LOOKING),
            Error::Db(DbErr::ConnectionAcquire(_)) | Error::Sqlx(sqlx::Error::PoolTimedOut) => Problem::new(
                Code::Unavailable,
                "The database is busy. Nothing was lost; please try again in a moment.",
            ),
            _ => Problem::new(
                Code::Internal,
                "This did not work because of a fault on our side. Please try again.",
            ),
        }
    }

    /// Ours to solve, hence worth a line in the log.
    pub fn is_internal(&self) -> bool {
        !matches!(self, Error::Problem(_)) && !matches!(self, Error::Db(cause) if only_reads(cause))
    }

    pub(crate) fn is_duplicate(&self) -> bool {
        matches!(self, Error::Db(e) if matches!(e.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }

    pub(crate) fn broken(what: impl Into<String>) -> Self {
        Error::Broken(what.into())
    }
}

/// The database refused a write because the connection is one that only reads, in the words of either.
fn only_reads(cause: &DbErr) -> bool {
    let words = cause.to_string();
    words.contains("readonly database") || words.contains("read-only transaction")
}

impl From<Problem> for Error {
    fn from(p: Problem) -> Self {
        Error::Problem(Box::new(p))
    }
}

pub(crate) fn problem(code: Code, detail: impl Into<String>) -> Error {
    Problem::new(code, detail).into()
}

pub(crate) fn not_found(what: &str) -> Error {
    problem(Code::NotFound, format!("There is no such {what} in this business."))
}

pub(crate) fn field(name: &str, message: impl Into<String>) -> Error {
    Problem::field(name, message).into()
}

/// What was typed into a field of one line, tidied up; empty if there is nothing to see in it.
///
/// # Errors
/// `Invalid` for more than `most` characters.
pub(crate) fn short(name: &str, text: &str, most: usize) -> Result<String> {
    at_most(name, words::line(text), most)
}

/// The same for a field of several lines.
///
/// # Errors
/// As `short`.
pub(crate) fn long(name: &str, text: &str, most: usize) -> Result<String> {
    at_most(name, words::lines(text), most)
}

fn at_most(name: &str, text: String, most: usize) -> Result<String> {
    if text.chars().count() > most {
        return Err(field(name, format!("At most {most} characters, please.")));
    }
    Ok(text)
}
