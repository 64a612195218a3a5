//! A file comes in: it is read piece by piece and kept as blocks of rows, so that a file of any size takes the room of a piece.

use contract::imports::{ImportStatus, ImportView};
use domain::{
    imports::{Consent, Field, Kind, Reader, Record, Summary, headers},
    words,
};
use entity::imports::{import, import_block as block, import_mapping as known};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::{BLOCK, COLUMNS, Kept, ROWS, fields_of, find, kind_named, may_bring, order_of, view};
use crate::kernel::{
    Actor, Error, Principal, Result, Services,
    error::{field, problem},
};
use domain::imports::dates::Known;

/// Most bytes of a file.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Blocks that are written at once.
const TOGETHER: usize = 20;

/// A file that is coming in. Dropped before `finish`, it leaves nothing that anybody sees for more than a day.
pub struct Upload {
    s: Services,
    actor: Actor,
    id: Uuid,
    kind: Kind,
    reader: Reader,
    bytes: usize,
    waiting: Vec<Kept>,
    seq: i32,
}

impl Upload {
    /// # Errors
    /// `NotAllowed`; `Invalid` for a kind that is none.
    pub async fn begin(s: &Services, actor: &Actor, kind: &str, file_name: &str) -> Result<Self> {
        let kind = kind_named(kind)?;
        may_bring(actor, kind)?;
        let (account_id, api_key_id) = match &actor.who {
            Principal::Member { account_id, .. } => (Some(*account_id), None),
            Principal::ApiKey { id, .. } => (None, Some(*id)),
            _ => (None, None),
        };
        let now = s.now();
        let id = Uuid::now_v7();
        let row = import::Model {
            id,
            business_id: actor.business_id,
            kind: kind.as_str().to_owned(),
            file_name: named(file_name),
            account_id,
            api_key_id,
            by_name: actor.author(),
            status: ImportStatus::Uploading.as_str().to_owned(),
            encoding: String::new(),
            delimiter: String::new(),
            has_header: false,
            fingerprint: String::new(),
            columns: s.vault().seal(COLUMNS, "[]"),
            mapping: "[]".to_owned(),
            date_order: None,
            consent: None,
            include_past: false,
            dry_run: false,
            preview: None,
            total: 0,
            next_block: 0,
            done: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            duplicate: 0,
            skipped: 0,
            refused: 0,
            changed: "{}".to_owned(),
            problem: None,
            created_at: now,
            changed_at: now,
            finished_at: None,
        };
        let tx = s.begin().await?;
        import::Entity::insert(row.into_active_model())
            .exec_without_returning(&tx.db)
            .await?;
        tx.commit().await?;
        Ok(Self {
            s: s.clone(),
            actor: actor.clone(),
            id,
            kind,
            reader: Reader::default(),
            bytes: 0,
            waiting: Vec::new(),
            seq: 0,
        })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// `TooLarge`; `Invalid` for what is no table of text. Nothing is left of the file then.
    pub async fn push(&mut self, piece: &[u8]) -> Result<()> {
        self.bytes += piece.len();
        if self.bytes > MOST_BYTES {
            self.forget().await?;
            return Err(problem(contract::Code::TooLarge, "A file has up to 32 MB. Please split it."));
        }
        // A large piece in small ones: what they give is written before the next one is read.
        for some in piece.chunks(64 * 1024) {
            match self.reader.push(some) {
                Ok(records) => self.keep(records).await?,
                Err(why) => return self.refuse(&why.to_string()).await,
            }
        }
        Ok(())
    }

    /// The file is whole.
    ///
    /// # Errors
    /// As `push`.
    pub async fn finish(mut self) -> Result<ImportView> {
        let (records, summary) = match std::mem::take(&mut self.reader).finish() {
            Ok(end) => end,
            Err(why) => return self.refuse(&why.to_string()).await,
        };
        self.keep(records).await?;
        self.write(true).await?;
        if summary.rows == 0 {
            return self.refuse("This file has headings and no rows below them.").await;
        }
        let row = find(&self.s.db().write, self.actor.business_id, self.id).await?;
        let row = self.describe(row, summary).await?;
        view(row)
    }

    /// What is known of it, and how files like it were read the last time.
    async fn describe(&self, row: import::Model, summary: Summary) -> Result<import::Model> {
        let names: Vec<&str> = summary.columns.iter().map(|column| column.header.as_str()).collect();
        let fingerprint = headers::fingerprint(&names);
        let key = (self.actor.business_id, self.kind.as_str().to_owned(), fingerprint.clone());
        let before = match summary.has_header {
            true => known::Entity::find_by_id(key).one(self.s.read()).await?,
            false => None,
        };
        let allowed = Field::of(self.kind);
        let guess = summary.guess().into_iter();
        let guess: Vec<Option<Field>> = guess.map(|field| field.filter(|field| allowed.contains(field))).collect();
        let fields = match &before {
            Some(before) => fields_of(&before.mapping),
            None => guess,
        };
        let words: Vec<&str> = fields.iter().map(|field| field.map_or("", Field::as_str)).collect();
        let mapping = serde_json::to_string(&words).map_err(|e| Error::broken(e.to_string()))?;
        let columns = serde_json::to_string(&summary.columns).map_err(|e| Error::broken(e.to_string()))?;
        let order = match order_of(&summary.columns, &fields) {
            Known::Order(order) => Some(order.as_str().to_owned()),
            Known::Ask(_) => before.and_then(|before| before.date_order),
            Known::Clear => None,
        };
        let has_consent = fields.contains(&Some(Field::Consent));
        let mut row = row.into_active_model();
        row.status = Set(ImportStatus::Ready.as_str().to_owned());
        row.encoding = Set(summary.encoding.as_str().to_owned());
        row.delimiter = Set(summary.delimiter.to_string());
        row.has_header = Set(summary.has_header);
        row.fingerprint = Set(fingerprint);
        row.columns = Set(self.s.vault().seal(COLUMNS, &columns));
        row.mapping = Set(mapping);
        row.date_order = Set(order);
        // What people agreed to is decided for each file anew, unless it says so itself.
        row.consent = Set(has_consent.then(|| Consent::Column.as_str().to_owned()));
        row.total = Set(summary.rows.try_into().unwrap_or(i32::MAX));
        row.changed_at = Set(self.s.now());
        let tx = self.s.begin().await?;
        let row = row.update(&tx.db).await?;
        tx.commit().await?;
        Ok(row)
    }

    async fn keep(&mut self, records: Vec<Record>) -> Result<()> {
        self.waiting.extend(records.into_iter().map(|record| Kept {
            number: record.number,
            cells: record.cells,
            too_long: record.too_long,
        }));
        self.write(false).await
    }

    async fn write(&mut self, last: bool) -> Result<()> {
        let enough = BLOCK * TOGETHER;
        while self.waiting.len() >= enough || (last && !self.waiting.is_empty()) {
            let some: Vec<Kept> = self.waiting.drain(..self.waiting.len().min(enough)).collect();
            let mut blocks = Vec::with_capacity(TOGETHER);
            for rows in some.chunks(BLOCK) {
                let json = serde_json::to_string(rows).map_err(|e| Error::broken(e.to_string()))?;
                blocks.push(block::ActiveModel {
                    id: Set(Uuid::now_v7()),
                    business_id: Set(self.actor.business_id),
                    import_id: Set(self.id),
                    seq: Set(self.seq),
                    rows: Set(self.s.vault().seal(ROWS, &json)),
                    outcome: Set(None),
                    refused: Set(0),
                });
                self.seq += 1;
            }
            let tx = self.s.begin().await?;
            block::Entity::insert_many(blocks).exec_without_returning(&tx.db).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The file is none that can be taken: nothing is left of it.
    async fn refuse<T>(&self, why: &str) -> Result<T> {
        self.forget().await?;
        Err(field("file", why))
    }

    async fn forget(&self) -> Result<()> {
        let tx = self.s.begin().await?;
        import::Entity::delete_by_id(self.id).exec(&tx.db).await?;
        tx.commit().await
    }
}

/// A file's name without the folders before it.
fn named(typed: &str) -> String {
    let last = typed.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = words::line(last).chars().take(120).collect();
    if name.is_empty() { "file.csv".to_owned() } else { name }
}

/// A file that is there as a whole.
///
/// # Errors
/// As [`Upload`].
pub async fn whole(s: &Services, actor: &Actor, kind: &str, file_name: &str, bytes: &[u8]) -> Result<ImportView> {
    let mut upload = Upload::begin(s, actor, kind, file_name).await?;
    upload.push(bytes).await?;
    upload.finish().await
}
