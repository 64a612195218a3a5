//! Keyset cursors: the last row's sort key and id, as opaque text.

use chrono::{DateTime, Utc};
use contract::{Code, Page, Problem};
use domain::when;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QuerySelect, QueryTrait, Select, Value,
    sea_query::{Alias, Asterisk, Expr, Func, Query, SimpleExpr},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    cursors,
    error::{Result, problem},
};

/// Rows on a page of every list, unless asked otherwise.
pub(crate) const PAGE: u64 = 50;

/// How many rows there are, counted up to `most`.
pub(crate) async fn count_to<E: EntityTrait>(
    db: &impl ConnectionTrait,
    rows: Select<E>,
    id: E::Column,
    most: u64,
) -> Result<u32> {
    let few = rows.select_only().column(id).limit(most).into_query();
    let count = Query::select()
        .expr_as(Func::count(Expr::col(Asterisk)), "n")
        .from_subquery(few, Alias::new("few"))
        .to_owned();
    let row = db.query_one(&count).await?;
    let n: i64 = row.map(|row| row.try_get("", "n")).transpose()?.unwrap_or_default();
    Ok(u32::try_from(n).unwrap_or_default())
}

/// Rows on a page as they were asked for.
///
/// # Errors
/// `Malformed` for none and for more than 100.
pub(crate) fn size(asked: Option<u64>) -> Result<u64> {
    match asked {
        None => Ok(PAGE),
        Some(rows @ 1..=100) => Ok(rows),
        Some(_) => Err(Problem::parameter("limit", "limit is the number of rows on a page, 1 to 100.").into()),
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Cursor<K>(pub K, pub Uuid);

pub(crate) type TimeCursor = Cursor<DateTime<Utc>>;

/// What a list is sorted by.
pub(crate) trait Key: Serialize + DeserializeOwned {
    /// Whether it can be one that we gave out.
    fn fits(&self) -> bool {
        true
    }
}

impl Key for String {}

impl Key for i32 {}

impl Key for DateTime<Utc> {
    fn fits(&self) -> bool {
        when::bounded(*self).is_some()
    }
}

impl<K: Key> Cursor<K> {
    pub(crate) fn encode(&self) -> String {
        cursors::written(serde_json::to_vec(self).unwrap_or_default())
    }

    /// # Errors
    /// `Malformed` when it is not a cursor of ours.
    pub(crate) fn decode(text: Option<&str>) -> Result<Option<Self>> {
        let Some(text) = text.filter(|t| !t.is_empty()) else {
            return Ok(None);
        };
        let cursor = cursors::read(text)
            // PostgreSQL has no U+0000 in texts; a cursor of ours has none either.
            .filter(|bytes| !bytes.windows(6).any(|escape| escape == b"\\u0000"))
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok())
            .filter(|cursor| cursor.0.fits());
        cursor.map(Some).ok_or_else(|| {
            problem(
                Code::Malformed,
                "This cursor is not one that we gave out for this list with these filters.",
            )
        })
    }
}

/// `(key, id) < (k, i)` or `>`: a row comparison, which both databases answer from an index over the two.
pub(crate) fn beyond<C: ColumnTrait>(key: C, id: C, k: impl Into<Value>, i: Uuid, descending: bool) -> SimpleExpr {
    let here = Expr::tuple([Expr::col(key.as_column_ref()), Expr::col(id.as_column_ref())]);
    let there = Expr::tuple([Expr::value(k.into()), Expr::value(i)]);
    if descending { here.lt(there) } else { here.gt(there) }
}

/// Makes a page of up to `PAGE` rows out of `PAGE + 1` that were fetched.
pub(crate) fn page<T, K: Key>(rows: Vec<T>, cursor: impl Fn(&T) -> Cursor<K>) -> Page<T> {
    page_of(PAGE, rows, cursor)
}

/// The same for a page of `size` rows.
pub(crate) fn page_of<T, K: Key>(size: u64, mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor<K>) -> Page<T> {
    let more = rows.len() as u64 > size;
    rows.truncate(size as usize);
    let next_cursor = if more {
        rows.last().map(|row| cursor(row).encode())
    } else {
        None
    };
    Page { data: rows, next_cursor }
}
