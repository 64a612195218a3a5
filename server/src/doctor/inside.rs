//! The doctor inside the server, for the page of whoever runs the installation: one round at a time, and no more than one in half a minute.

use std::sync::Arc;

use app::ssr::Machine;
use chrono::{DateTime, Duration, Utc};
use contract::platform::{Check, DoctorView, SettingView};
use futures::future::BoxFuture;
use services::Services;
use tokio::sync::Mutex;

use super::{Patient, examine};
use crate::config::{Config, SETTINGS, environment_value};

/// What was found is good for so long.
const FRESH: Duration = Duration::seconds(30);

/// None where the server was not told of its configuration, as in tests of other doors.
#[derive(Clone, Default)]
pub struct Inside(Option<Arc<Known>>);

struct Known {
    config: Config,
    last: Mutex<Option<(DateTime<Utc>, Vec<Check>)>>,
}

impl Machine for Inside {
    fn last(&self) -> BoxFuture<'static, DoctorView> {
        let inside = self.clone();
        Box::pin(async move { inside.last_round().await })
    }

    fn look(&self, s: Services) -> BoxFuture<'static, DoctorView> {
        let inside = self.clone();
        Box::pin(async move { inside.look_now(&s).await })
    }

    fn settings(&self) -> Vec<SettingView> {
        self.environment()
    }
}

impl Inside {
    /// For a server that runs with this configuration.
    pub fn of(config: &Config) -> Self {
        Self(Some(Arc::new(Known {
            config: config.clone(),
            last: Mutex::new(None),
        })))
    }

    /// What the last round has found.
    async fn last_round(&self) -> DoctorView {
        let Some(known) = &self.0 else { return nothing() };
        known.last.lock().await.as_ref().map_or_else(nothing, shown)
    }

    /// Looks now, unless somebody has just looked; who asks meanwhile waits for the same answer.
    async fn look_now(&self, s: &Services) -> DoctorView {
        let Some(known) = &self.0 else { return nothing() };
        let mut last = known.last.lock().await;
        if let Some(fresh) = last.as_ref().filter(|(at, _)| s.now() - *at < FRESH) {
            return shown(fresh);
        }
        let patient = Patient {
            config: known.config.clone(),
            services: Some(s.for_looking()),
            now: s.now(),
        };
        let checks = examine(&patient, &[]).await;
        shown(last.insert((s.now(), checks)))
    }

    /// What the environment says, without a secret.
    fn environment(&self) -> Vec<SettingView> {
        let Some(_) = &self.0 else { return Vec::new() };
        let shown = SETTINGS.iter().map(|known| {
            let value = environment_value(known.name);
            let value = match value {
                None => "not set".to_owned(),
                Some(_) if known.secret => "set".to_owned(),
                Some(value) => super::scrubbed(&value, std::iter::empty()),
            };
            SettingView {
                name: known.name.to_owned(),
                value,
                what: known.what.to_owned(),
            }
        });
        shown.collect()
    }
}

fn nothing() -> DoctorView {
    DoctorView {
        looked_at: None,
        checks: Vec::new(),
    }
}

fn shown((at, checks): &(DateTime<Utc>, Vec<Check>)) -> DoctorView {
    DoctorView {
        looked_at: Some(*at),
        checks: checks.clone(),
    }
}
