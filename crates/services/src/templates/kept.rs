//! Texts of businesses in memory, so that no message costs a statement for its words. A business carries the name of the state of its texts
//! (`texts_id`), another one with every change: what was read under another name is old.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use contract::templates::TemplateWords;
use domain::templates::Which;
use entity::businesses::business;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{
    is, of_business, said,
    tried::{self, Trial},
};
use crate::kernel::{Result, Services};

/// Businesses whose texts are kept at once.
const MOST_BUSINESSES: usize = 500;

/// A text that a business wrote.
pub(super) struct Own {
    pub words: TemplateWords,
    pub version_id: Uuid,
}

/// Those of one business, and what it tries.
#[derive(Default)]
struct Texts {
    own: HashMap<Which, Arc<Own>>,
    tried: HashMap<Which, Arc<Trial>>,
}

#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<Uuid, (Uuid, Arc<Texts>)>>);

impl Cache {
    fn get(&self, business_id: Uuid, texts_id: Uuid) -> Option<Arc<Texts>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, texts) = all.get(&business_id)?;
        (*known == texts_id).then(|| texts.clone())
    }

    fn keep(&self, business_id: Uuid, texts_id: Uuid, texts: Arc<Texts>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_BUSINESSES && !all.contains_key(&business_id) {
            // Which one goes does not matter: it is read again.
            if let Some(one) = all.keys().next().copied() {
                all.remove(&one);
            }
        }
        all.insert(business_id, (texts_id, texts));
    }
}

/// What a business has written for this, if anything.
pub(super) async fn own(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    which: Which,
) -> Result<Option<Arc<Own>>> {
    let texts = texts(s, db, business).await?;
    Ok(texts.and_then(|texts| texts.own.get(&which).cloned()))
}

/// The test of two of these that runs, if one does.
pub(super) async fn trial(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    which: Which,
) -> Result<Option<Arc<Trial>>> {
    let texts = texts(s, db, business).await?;
    Ok(texts.and_then(|texts| texts.tried.get(&which).cloned()))
}

/// Whether any runs.
pub(super) async fn any_trial(s: &Services, db: &impl ConnectionTrait, business: &business::Model) -> Result<bool> {
    let texts = texts(s, db, business).await?;
    Ok(texts.is_some_and(|texts| !texts.tried.is_empty()))
}

/// None: it has never written any, nor tried any.
async fn texts(s: &Services, db: &impl ConnectionTrait, business: &business::Model) -> Result<Option<Arc<Texts>>> {
    let Some(texts_id) = business.texts_id else {
        return Ok(None);
    };
    let cache = s.of::<Cache>();
    if let Some(texts) = cache.get(business.id, texts_id) {
        return Ok(Some(texts));
    }
    let mut texts = Texts::default();
    for row in &of_business(business.id).all(db).await? {
        let Some(words) = said(Some(row)) else { continue };
        // A kind of a newer version of this program is none that we would send.
        if let Some(which) = Which::all().find(|which| is(&row.0, *which)) {
            let version_id = row.0.version_id;
            texts.own.insert(which, Arc::new(Own { words, version_id }));
        }
    }
    let running = tried::running(db, business.id).await?;
    texts.tried = running.into_iter().map(|(which, trial)| (which, Arc::new(trial))).collect();
    let texts = Arc::new(texts);
    cache.keep(business.id, texts_id, texts.clone());
    Ok(Some(texts))
}
