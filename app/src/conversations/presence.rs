//! Colleagues at a conversation: who else has it before their eyes, and who is writing there.

use std::time::Duration;

use contract::{
    conversations::{Doing, Presence, Present},
    live::LiveEvent,
};
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, server_fn::ServerFn, task::spawn_local};
use uuid::Uuid;

use super::{Looking, Outbox};
use crate::{
    browser,
    components::Icon,
    error::AppError,
    session::{Session, use_session},
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// How often one says that one is still there; the server forgets who was silent for 25 seconds.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Who has pressed no key for so long is not writing any more, and says so.
const PAUSE: Duration = Duration::from_secs(5);
/// Whoever goes on writing says so this often.
const AGAIN: chrono::Duration = chrono::Duration::seconds(3);

/// Says what one does at a conversation.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn say_presence(conversation_id: Uuid, doing: Doing) -> Result<(), AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    Ok(services::conversations::presence::say(&s, &actor, conversation_id, doing).await?)
}

/// Who is at which conversation now.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_presence() -> Result<Vec<Presence>, AppError> {
    Ok(services::conversations::presence::now(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Says it; if that fails, the next heartbeat says it again.
fn say(id: Uuid, doing: Doing) {
    spawn_local(async move { _ = say_presence(id, doing).await });
}

/// Who else is where. Known in the browser only: a page that runs no script would show it for ever.
#[derive(Clone, Copy)]
pub struct Colleagues {
    there: RwSignal<Vec<Presence>>,
    /// What the stream told while the beginning was being read: it knows better.
    told: StoredValue<Vec<Uuid>>,
    me: Uuid,
}

impl Colleagues {
    pub fn new(session: Session) -> Self {
        let all = Self {
            there: RwSignal::new(Vec::new()),
            told: StoredValue::new(Vec::new()),
            me: session.me.with_value(|me| me.account_id),
        };
        session.live.listen(move |event| {
            if let LiveEvent::Presence(new) = event {
                all.told.try_update_value(|told| told.push(new.conversation_id));
                all.there.try_update(|there| all.take_in(there, new.clone()));
            }
        });
        Effect::new(move |_| {
            session.live.resync.track();
            all.read();
        });
        all
    }

    fn read(self) {
        self.told.update_value(Vec::clear);
        spawn_local(async move {
            // Without it, those who come from now on are shown.
            let Ok(all) = list_presence().await else { return };
            let Some(told) = self.told.try_update_value(std::mem::take) else {
                return;
            };
            self.there.try_update(|there| {
                there.retain(|one| told.contains(&one.conversation_id));
                for one in all {
                    if !told.contains(&one.conversation_id) {
                        self.take_in(there, one);
                    }
                }
            });
        });
    }

    fn take_in(self, there: &mut Vec<Presence>, mut new: Presence) {
        there.retain(|old| old.conversation_id != new.conversation_id);
        new.people.retain(|one| one.account_id != self.me);
        if !new.people.is_empty() {
            there.push(new);
        }
    }

    fn at(self, id: Uuid) -> Memo<Vec<Present>> {
        Memo::new(move |_| {
            self.there.with(|there| {
                let here = there.iter().find(|one| one.conversation_id == id);
                here.map(|here| here.people.clone()).unwrap_or_default()
            })
        })
    }
}

/// Oneself at the open conversation: said while the page is before one's eyes.
#[derive(Clone, Copy)]
pub struct Attendance {
    id: Uuid,
    /// When it was last said that one writes; none: one does not.
    said: StoredValue<Option<chrono::DateTime<chrono::Utc>>>,
    pause: StoredValue<Option<TimeoutHandle>>,
}

impl Attendance {
    pub fn new(id: Uuid) -> Self {
        let (session, looking, outbox) = (use_session(), expect_context::<Looking>(), expect_context::<Outbox>());
        let me = Self {
            id,
            said: StoredValue::new(None),
            pause: StoredValue::new(None),
        };
        Effect::new(move |_| {
            if !looking.get() {
                return;
            }
            say(id, Doing::Viewing);
            // What is written is said by keys.
            let beat = move || {
                if me.said.try_get_value() == Some(None) {
                    say(id, Doing::Viewing);
                }
            };
            let beating = set_interval_with_handle(beat, HEARTBEAT);
            on_cleanup(move || {
                if let Ok(beating) = beating {
                    beating.clear();
                }
                say(id, Doing::Leaving);
            });
        });
        // A tab that is closed takes its last word with it.
        browser::when_leaving(move || {
            browser::beacon(
                SayPresence::url(),
                &[("conversation_id", &id.to_string()), ("doing", "leaving")],
            )
        });
        let account = session.me.with_value(|me| me.account_id);
        session.live.listen(move |event| match event {
            // Another window of mine has gone; this one has not.
            LiveEvent::Presence(now)
                if now.conversation_id == id && looking.now() && now.people.iter().all(|one| one.account_id != account) =>
            {
                say(id, Doing::Viewing);
            }
            _ => {}
        });
        // What was written is on its way.
        Effect::watch(move || outbox.waiting(id).len(), move |_, _, _| me.stop(), false);
        on_cleanup(move || me.forget_pause());
        me
    }

    /// A key was pressed in a field.
    pub fn typed(self) {
        let now = browser::now();
        if self.said.get_value().is_none_or(|said| now - said >= AGAIN) {
            self.said.set_value(Some(now));
            say(self.id, Doing::Writing);
        }
        self.forget_pause();
        self.pause.set_value(set_timeout_with_handle(move || self.stop(), PAUSE).ok());
    }

    fn stop(self) {
        self.forget_pause();
        if self.said.try_update_value(Option::take).flatten().is_some() {
            say(self.id, Doing::Viewing);
        }
    }

    fn forget_pause(self) {
        if let Some(pause) = self.pause.try_update_value(Option::take).flatten() {
            pause.clear();
        }
    }
}

/// The first letters of a name.
fn initials(name: &str) -> String {
    let letter = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    let letters: Vec<char> = name.split_whitespace().filter_map(letter).collect();
    let ends = match letters.as_slice() {
        [] => vec!['?'],
        [one] => vec![*one],
        [first, .., last] => vec![*first, *last],
    };
    ends.into_iter().flat_map(char::to_uppercase).collect()
}

/// A round mark with the letters of who looks, a square one with a pen of who writes.
fn mark(one: &Present) -> impl IntoView + use<> {
    let pen = one.writing.then(|| view! { <Icon icon=icondata::LuPencil size="0.75em" /> });
    view! {
        <span class="present" data-writing=one.writing.then_some("") aria-hidden="true">
            {initials(&one.name)} {pen}
        </span>
    }
}

fn words(one: &Present) -> String {
    if one.writing {
        format!("{} is writing…", one.name)
    } else {
        format!("{} is viewing", one.name)
    }
}

/// On top of the thread: marks with names. Told to who does not see it when it changes.
#[component]
pub fn WhoElse(id: Uuid) -> impl IntoView {
    let there = expect_context::<Colleagues>().at(id);
    let shown = move || {
        let one = |one: &Present| view! { <span class="inline-flex items-center gap-1">{mark(one)} {words(one)}</span> };
        there.read().iter().map(one).collect_view()
    };
    view! {
        <span role="status" class="flex flex-wrap gap-x-2" data-present="">
            {shown}
        </span>
    }
}

/// In a row of the list: marks alone, with the words for who hears the row.
#[component]
pub fn RowMarks(id: Uuid) -> impl IntoView {
    let there = expect_context::<Colleagues>().at(id);
    move || {
        let one = |one: &Present| {
            view! {
                <span title=words(one)>
                    {mark(one)} <span class="sr-only">{words(one)}</span>
                </span>
            }
        };
        there.read().iter().map(one).collect_view()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_initials() {
        for (name, letters) in [
            ("Maya Lopez", "ML"),
            ("maya", "M"),
            ("Ana de la Cruz", "AC"),
            ("(Dr.) ärzte", "DÄ"),
            ("  ", "?"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
