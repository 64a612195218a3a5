//! What people say about more texts, and the silence that must follow.

use std::collections::BTreeSet;

use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use twilio_sim::InboundText;

use super::{PHONES, story::Story};
use crate::app::{INBOUND, NUMBER, sid};

/// What was said, or decided, about more texts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Nothing,
    Stop,
    Start,
    /// An opt-in of who has opted out; an answer of anybody else.
    Yes,
    /// No more texts, in words of their own: staff must decide.
    Off,
    /// Staff decided that texts go on.
    Kept,
    /// Staff decided that it was an opt-out.
    Out,
}

impl Word {
    pub(super) fn of(words: &str) -> Option<Self> {
        match words {
            "STOP" | "Stop" => Some(Self::Stop),
            "START" => Some(Self::Start),
            "YES" => Some(Self::Yes),
            "take me off your list" | "leave me alone and stop texting" => Some(Self::Off),
            _ => None,
        }
    }

    /// Whether texts may go out again after it.
    pub(super) fn may_open(self) -> bool {
        matches!(self, Self::Start | Self::Yes | Self::Kept)
    }
}

/// A text that a customer sent.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) sid: String,
    pub(super) who: usize,
    pub(super) words: &'static str,
    /// It has reached us.
    pub(super) known: bool,
}

/// Where a person stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) opted_out: bool,
    pub(super) on_hold: bool,
}

impl Standing {
    pub(super) fn is_closed(self) -> bool {
        self.opted_out || self.on_hold
    }
}

/// A time in which nothing may go out to a person: what could not be held back any more when it began, and the first request to
/// Twilio in it.
pub(super) struct Silence {
    pub(super) phone: &'static str,
    pub(super) in_the_air: BTreeSet<String>,
    pub(super) from: u64,
    /// The first request after the word that ended it.
    pub(super) until: Option<u64>,
}

impl Story {
    pub(super) fn is_silent(&self, who: usize) -> bool {
        self.silences.iter().any(|s| s.phone == PHONES[who] && s.until.is_none())
    }

    pub(super) async fn standing(&self, who: usize) -> Standing {
        let (status, seen) = self.app.get(&format!("/contacts/{}", self.contacts[who])).await;
        assert_eq!(status, 200, "{seen}");
        Standing {
            opted_out: seen["consent"]["sms"] == "opted_out",
            on_hold: seen["held_since"].is_string(),
        }
    }

    /// Who may be texted again at any moment: a word of theirs that says so has not reached us yet, or has in this step.
    pub(super) fn could_open(&self) -> [bool; PHONES.len()] {
        std::array::from_fn(|who| {
            let lost = |s: &Said| s.who == who && !s.known && Word::of(s.words).is_some_and(Word::may_open);
            self.opened == Some(who) || self.said.iter().any(lost)
        })
    }

    /// A customer texts, and Twilio has it.
    pub(super) async fn say(&mut self, who: usize, words: &'static str) {
        if let Some(word) = Word::of(words) {
            self.note(who, word);
        }
        let sid = sid(self.said.len() as u32);
        let text = InboundText {
            from: PHONES[who].to_owned(),
            to: NUMBER.to_owned(),
            body: words.to_owned(),
            message_sid: Some(sid.clone()),
            ..InboundText::default()
        };
        self.said.push(Said {
            sid,
            who,
            words,
            known: false,
        });
        self.app.sim.send_text(text).await;
    }

    fn note(&mut self, who: usize, word: Word) {
        self.last[who] = word;
        if word.may_open() {
            self.opened = Some(who);
            self.break_silence(who);
        }
    }

    /// Twilio's webhook brings the text that was sent last.
    pub(super) async fn hand_over(&mut self) {
        if let Some(said) = self.said.last().cloned() {
            self.text(&said).await;
        }
        if let Some(said) = self.said.last_mut() {
            said.known = true;
        }
    }

    pub(super) async fn text(&self, Said { sid, who, words, .. }: &Said) {
        let token = format!("token-{}", self.told.len());
        let request = self.app.signed(INBOUND, &self.app.text(sid, PHONES[*who], words));
        let answer = request
            .header("I-Twilio-Idempotency-Token", token)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
    }

    /// What a text that was acknowledged means for what may be sent from now on.
    pub(super) async fn heed(&mut self, who: usize, words: &str) {
        let word = Word::of(words).unwrap_or(Word::Nothing);
        if !matches!(word, Word::Stop | Word::Off) {
            return;
        }
        let standing = self.standing(who).await;
        if matches!(word, Word::Stop) {
            assert!(standing.opted_out, "a STOP counts at once: {standing:?}");
            self.nothing_waits(who).await;
        }
        assert!(standing.is_closed(), "no more texts, in other words: {standing:?}");
        self.fall_silent(who).await;
    }

    /// A STOP leaves nothing waiting.
    async fn nothing_waits(&self, who: usize) {
        let texts = self.app.messages_of(&self.contacts[who]).await;
        // A refusal that was heard after the STOP puts a text back for a moment; it is not asked for again.
        let put_back = |m: &Value| self.was_refused(m["id"].as_str().unwrap_or_default());
        let waits = texts
            .iter()
            .find(|m| m["channel"] == "sms" && m["status"] == "queued" && !put_back(m));
        assert_eq!(waits, None, "a STOP leaves nothing waiting");
    }

    /// They are opted out or on hold: from now on nothing goes out to them but what is in the air.
    pub(super) async fn fall_silent(&mut self, who: usize) {
        if self.is_silent(who) {
            return;
        }
        // In this order: what is in the air at the first look may have been called for and refused by the second.
        let texts = self.app.messages_of(&self.contacts[who]).await;
        let from = self.next_call();
        let in_the_air = texts.iter().filter(|m| m["status"] != "cancelled" && m["status"] != "queued");
        self.silences.push(Silence {
            phone: PHONES[who],
            in_the_air: in_the_air.filter_map(|m| m["id"].as_str()).map(str::to_owned).collect(),
            from,
            until: None,
        });
    }

    /// They may be texted again. To be called before whatever says so: what waits may go at once.
    fn break_silence(&mut self, who: usize) {
        let next = self.next_call();
        let ends = |s: &&mut Silence| s.phone == PHONES[who] && s.until.is_none();
        self.silences.iter_mut().filter(ends).for_each(|s| s.until = Some(next));
    }

    fn next_call(&self) -> u64 {
        self.app.sim.look(|state| state.creates().count() as u64)
    }

    /// Staff decide about somebody on hold, if anybody is.
    pub(super) async fn decide(&mut self, opt_out: bool) {
        let mut held = Vec::new();
        for who in 0..PHONES.len() {
            if self.standing(who).await.on_hold {
                held.push(who);
            }
        }
        let Some(who) = held.choose(&mut self.dice).copied() else {
            return;
        };
        let before = self.last[who];
        self.note(who, if opt_out { Word::Out } else { Word::Kept });
        let body = json!({ "contact_id": self.contacts[who], "opt_out": opt_out });
        let (status, answer) = self.app.post("/contacts/hold", body).await;
        if status == 409 {
            // A word of theirs that was lost, or error 21610, was faster.
            self.last[who] = before;
            return;
        }
        assert_eq!(status, 200, "{answer}");
        if opt_out {
            assert!(self.standing(who).await.opted_out, "decided");
            self.fall_silent(who).await;
        }
    }
}
