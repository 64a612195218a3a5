//! What every page of a signed-in person shares: who they are, the clock and zone, the counts, the live stream.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use contract::{Problem, accounts::Me, businesses::BusinessView, conversations::ViewCounts, live::LiveEvent, notices::Notice};
use domain::{
    permissions::{self, Permission},
    zone::Zone,
};
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::{error::AppError, flash::Flash, live::Live, zones};

/// A page's first read, made by the server: the same numbers are used to draw the page there and to take it over here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    pub me: Me,
    pub now: DateTime<Utc>,
    /// The rules of the zones that times are told in: the business's and its locations'.
    pub zones: Vec<Zone>,
    pub notices: Vec<Notice>,
    pub flash: Option<Flash>,
}

#[derive(Clone, Copy)]
pub struct Session {
    pub me: StoredValue<Me>,
    pub business: RwSignal<BusinessView>,
    pub now: RwSignal<DateTime<Utc>>,
    pub zones: RwSignal<Vec<Zone>>,
    /// How many conversations each view of the inbox holds for this person.
    pub counts: RwSignal<ViewCounts>,
    pub open_tasks: RwSignal<u32>,
    /// What this person was told and has not seen.
    pub notifications: RwSignal<u32>,
    /// They get no new conversations.
    pub away: RwSignal<bool>,
    /// What a screen reader is told without being asked.
    pub said: RwSignal<String>,
    /// What went wrong with a button; shown at the top of the page.
    pub problem: RwSignal<Option<Problem>>,
    /// The banners.
    pub notices: RwSignal<Vec<Notice>>,
    pub live: Live,
    flash: RwSignal<Option<Flash>>,
    /// Names of zones that were missing and have been asked for.
    asked: StoredValue<BTreeSet<String>>,
}

impl Session {
    pub fn new(view: SessionView) -> Self {
        let SessionView {
            me,
            now,
            zones,
            notices,
            flash,
        } = view;
        let problem = flash
            .as_ref()
            .filter(|f| f.form == Flash::BUTTON)
            .and_then(|f| f.problem.clone());
        Self {
            business: RwSignal::new(me.business.clone()),
            now: RwSignal::new(now),
            zones: RwSignal::new(zones),
            counts: RwSignal::new(me.counts),
            open_tasks: RwSignal::new(me.open_tasks),
            notifications: RwSignal::new(me.notifications),
            away: RwSignal::new(me.away),
            said: RwSignal::new(String::new()),
            problem: RwSignal::new(problem),
            notices: RwSignal::new(notices),
            live: Live::new(me.live_cursor),
            flash: RwSignal::new(flash),
            asked: StoredValue::new(BTreeSet::new()),
            me: StoredValue::new(me),
        }
    }

    /// The business's zone.
    pub fn zone(self) -> Zone {
        self.business.with(|business| self.place(&business.time_zone))
    }

    /// The zone called `name`, to tell a time in; UTC for one that this page has not been given, until it comes.
    pub fn place(self, name: &str) -> Zone {
        self.known_place(name).unwrap_or(Zone::UTC)
    }

    /// The zone called `name`, for what must not be told in another one. None: somebody else has set it since this page was drawn; it is
    /// asked for, and whoever reads this reactively hears of it.
    pub fn known_place(self, name: &str) -> Option<Zone> {
        let found = self
            .zones
            .with(|zones| zones.iter().copied().find(|zone| zone.name() == name));
        // Once for each name, so that one which is not the business's any more is not asked for without end.
        if cfg!(feature = "hydrate")
            && found.is_none()
            && self.asked.try_update_value(|asked| asked.insert(name.to_owned())) == Some(true)
        {
            self.refetch_zones();
        }
        found
    }

    /// Fetches the rules of the zones anew, after settings have changed.
    pub fn refetch_zones(self) {
        spawn_local(async move {
            match zones::zones().await {
                Ok(zones) => _ = self.zones.try_set(zones),
                // Whoever draws a time next asks again.
                Err(_) => _ = self.asked.try_update_value(BTreeSet::clear),
            }
        });
    }

    pub fn flash(self) -> Option<Flash> {
        self.flash.get_untracked()
    }

    /// On another page nothing of the last form is shown any more.
    pub fn forget_flash(self) {
        self.flash.set(None);
        self.problem.set(None);
    }

    /// Whether this member may do that: what they may not is not offered.
    pub fn may(self, what: Permission) -> bool {
        self.me.with_value(|me| permissions::allows(me.role, what))
    }

    /// Whether this member may change settings.
    pub fn may_manage(self) -> bool {
        self.may(Permission::ManageBusiness)
    }

    /// Takes in the answer to something done here: it is news for the page, or a problem.
    pub fn settle(self, answer: Result<LiveEvent, AppError>) {
        match answer {
            Ok(event) => {
                self.problem.try_set(None);
                self.live.answered(&event);
            }
            Err(error) => {
                self.problem.try_set(Some(error.0));
            }
        }
    }
}

/// The session of the person on this page. Only below `Layout`.
pub fn use_session() -> Session {
    expect_context::<Session>()
}
