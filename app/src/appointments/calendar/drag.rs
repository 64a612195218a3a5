//! Moving a visit by hand: with the mouse, a finger, or arrows on the focused one. What it would become is shown first; whether that may be is
//! asked when it is let go.

use std::time::Duration;

use contract::calendar::{Calendar, CalendarVisit};
use domain::{
    calendar::{STEP, snapped},
    when,
};
use leptos::{
    ev::{KeyboardEvent, MouseEvent, PointerEvent, TouchEvent},
    prelude::*,
    task::spawn_local,
};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{
    NOBODY, Place,
    lines::{Column, DAY, block_of, inside, lines, local, words},
    move_visit,
    moving::LastChange,
};
use crate::{
    error::AppError,
    session::{Session, use_session},
};

/// Pixels after which a press is a drag.
const BEGUN: f64 = 10.0;
/// How long a finger rests before it drags instead of scrolling.
const LONG: Duration = Duration::from_millis(400);

/// What a visit would become.
#[derive(Clone, Debug, PartialEq)]
pub struct Ghost {
    visit: usize,
    /// Where it is drawn; none: on a day that is not shown.
    pub column: Option<usize>,
    pub from: i32,
    pub until: i32,
    pub words: String,
    date: String,
    /// Whose it would be; none: as before.
    staff: Option<String>,
    by_keys: bool,
}

/// A press that may become a drag.
#[derive(Clone, Debug, PartialEq)]
struct Press {
    id: Uuid,
    visit: usize,
    lengthen: bool,
    x: f64,
    y: f64,
    column: usize,
    pointer: i32,
    touch: bool,
    active: bool,
}

/// What is on the page, for whoever drags over it.
#[derive(Clone)]
struct Shown {
    visits: Vec<CalendarVisit>,
    columns: Vec<(String, Option<String>)>,
    hours: (i32, i32),
    zone: String,
    last: LastChange,
    weekly: bool,
}

/// Above the page, which is drawn anew after each move.
#[derive(Clone, Copy)]
pub struct Dragging {
    session: Session,
    ghost: RwSignal<Option<Ghost>>,
    press: RwSignal<Option<Press>>,
    shown: RwSignal<Option<Shown>>,
    /// The next click ends a drag and opens nothing.
    swallow: RwSignal<bool>,
    /// What collided, with what it collided with: an owner or admin may book both.
    pub clash: RwSignal<Option<(Ghost, String)>>,
    /// Who had the focus before the page was drawn anew.
    focus: RwSignal<Option<Uuid>>,
}

impl Dragging {
    pub fn new() -> Self {
        Self {
            session: use_session(),
            ghost: RwSignal::new(None),
            press: RwSignal::new(None),
            shown: RwSignal::new(None),
            swallow: RwSignal::new(false),
            clash: RwSignal::new(None),
            focus: RwSignal::new(None),
        }
    }

    pub fn ghost(self) -> RwSignal<Option<Ghost>> {
        self.ghost
    }

    /// Whether nothing is held; while something is, the page should stay as it is.
    pub fn idle(self) -> bool {
        self.ghost.read().is_none() && self.press.read().is_none()
    }

    /// The page is drawn.
    pub fn shows(self, calendar: &Calendar, place: &Place, columns: &[Column], hours: (i32, i32), last: LastChange) {
        let weekly = place.view == contract::calendar::CalendarView::Week;
        self.shown.set(Some(Shown {
            visits: calendar.visits.clone(),
            columns: columns.iter().map(|one| (one.date.clone(), one.staff.clone())).collect(),
            hours,
            zone: calendar.time_zone.clone(),
            last,
            weekly,
        }));
        self.hold_on(calendar);
        Effect::new(move |_| {
            let Some(id) = self.focus.try_update(Option::take).flatten() else {
                return;
            };
            request_animation_frame(move || {
                let link = document()
                    .query_selector(&format!("[data-id=\"{id}\"] .cal-link"))
                    .ok()
                    .flatten();
                if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
                    _ = link.focus();
                }
            });
        });
    }

    /// What was asked for before the press may come after it: a visit that is still there stays under the hand.
    fn hold_on(self, calendar: &Calendar) {
        let held = self.press.with_untracked(|press| press.as_ref().map(|press| press.id));
        let now = held.and_then(|id| calendar.visits.iter().position(|one| one.visit.id == id));
        self.press.update(|press| match (press.as_mut(), now) {
            (Some(press), Some(n)) => press.visit = n,
            _ => *press = None,
        });
        self.ghost.update(|ghost| match (ghost.as_mut(), now) {
            (Some(ghost), Some(n)) if !ghost.by_keys => ghost.visit = n,
            _ => *ghost = None,
        });
    }

    fn visit(self, n: usize) -> Option<CalendarVisit> {
        self.shown.with_untracked(|shown| shown.as_ref()?.visits.get(n).cloned())
    }

    pub fn press(self, event: &PointerEvent) {
        self.swallow.set(false);
        let another = |press: &Option<Press>| press.as_ref().is_some_and(|press| press.pointer != event.pointer_id());
        if event.button() != 0 || self.press.with_untracked(another) {
            return;
        }
        let Some((n, block)) = block_of(event.target()) else { return };
        if block.has_attribute("data-still") || inside(event.target(), ".cal-move") {
            return;
        }
        let column = block
            .closest("[data-lines]")
            .ok()
            .flatten()
            .and_then(|lines| lines.get_attribute("data-lines")?.parse().ok());
        let Some(column) = column else { return };
        let touch = event.pointer_type() == "touch";
        let pointer = event.pointer_id();
        let Some(id) = self.visit(n).map(|one| one.visit.id) else {
            return;
        };
        self.press.set(Some(Press {
            id,
            visit: n,
            lengthen: inside(event.target(), "[data-grip]"),
            x: event.client_x().into(),
            y: event.client_y().into(),
            column,
            pointer,
            touch,
            active: false,
        }));
        if touch {
            set_timeout(
                move || {
                    _ = self.press.try_update(|press| {
                        if let Some(press) = press.as_mut().filter(|press| press.pointer == pointer) {
                            press.active = true;
                        }
                    });
                    self.follow(None);
                },
                LONG,
            );
        }
    }

    pub fn go_on(self, event: &PointerEvent) {
        let Some(press) = self.press.get_untracked() else { return };
        if press.pointer != event.pointer_id() {
            return;
        }
        let (x, y): (f64, f64) = (event.client_x().into(), event.client_y().into());
        if !press.active {
            if (x - press.x).hypot(y - press.y) < BEGUN {
                return;
            }
            if press.touch {
                // A finger that moves at once scrolls.
                self.give_up();
                return;
            }
            self.press.update(|press| {
                if let Some(press) = press {
                    press.active = true;
                }
            });
            if let Some(grid) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok()) {
                _ = grid.set_pointer_capture(press.pointer);
            }
        }
        event.prevent_default();
        self.follow(Some((x, y)));
    }

    /// Shows what the visit would become where the pointer is.
    fn follow(self, at: Option<(f64, f64)>) {
        let Some(press) = self.press.get_untracked().filter(|press| press.active) else {
            return;
        };
        let Some(one) = self.visit(press.visit) else { return };
        let Some((first, end)) = self.shown.with_untracked(|shown| shown.as_ref().map(|shown| shown.hours)) else {
            return;
        };
        let (x, y) = at.unwrap_or((press.x, press.y));
        let lines = lines();
        let height = lines.first().map_or(1.0, |(_, rect)| rect.height().max(1.0));
        let minutes = (y - press.y) / height * f64::from((end - first) * 60);
        #[expect(clippy::cast_possible_truncation, reason = "minutes of a page")]
        let by = minutes.round() as i32;
        let over = lines
            .iter()
            .find(|(_, rect)| rect.left() <= x && x < rect.right())
            .map(|(n, _)| *n);
        let column = if press.lengthen {
            press.column
        } else {
            over.unwrap_or(press.column)
        };
        let (from, until) = if press.lengthen {
            (one.from, snapped(one.until + by).max(one.from + STEP))
        } else {
            let long = one.until - one.from;
            let from = snapped(one.from + by).clamp(0, (DAY - long.min(DAY)).max(0));
            (from, from + long)
        };
        self.show(press.visit, &one, column, (from, until), press.column, false);
    }

    fn show(self, n: usize, one: &CalendarVisit, column: usize, (from, until): (i32, i32), was: usize, by_keys: bool) {
        let place = self
            .shown
            .with_untracked(|shown| shown.as_ref().and_then(|shown| shown.columns.get(column).cloned()));
        let Some((date, staff)) = place else { return };
        let staff = staff.filter(|_| column != was);
        let words = words(&date, (from, until), staff.as_deref(), &one.visit);
        self.ghost.set(Some(Ghost {
            visit: n,
            column: Some(column),
            from,
            until,
            words,
            date,
            staff,
            by_keys,
        }));
    }

    pub fn release(self, event: &PointerEvent) {
        let Some(press) = self.press.get_untracked().filter(|press| press.pointer == event.pointer_id()) else {
            return;
        };
        self.press.set(None);
        if press.active {
            self.swallow.set(true);
            self.save();
        }
    }

    pub fn give_up(self) {
        self.press.set(None);
        if self
            .ghost
            .with_untracked(|ghost| ghost.as_ref().is_some_and(|ghost| !ghost.by_keys))
        {
            self.ghost.set(None);
        }
    }

    /// A press that leaves before it has become a drag is none: where it ends nobody tells us.
    pub fn leave(self) {
        if self
            .press
            .with_untracked(|press| press.as_ref().is_some_and(|press| !press.active))
        {
            self.press.set(None);
        }
    }

    /// While a finger drags, the page does not scroll under it.
    pub fn keep_still(self, event: &TouchEvent) {
        if self
            .press
            .with_untracked(|press| press.as_ref().is_some_and(|press| press.active))
        {
            event.prevent_default();
        }
    }

    pub fn clicked(self, event: &MouseEvent) {
        if self.swallow.get_untracked() {
            self.swallow.set(false);
            event.prevent_default();
            event.stop_propagation();
        }
    }

    /// Keys on a focused visit: arrows by a quarter of an hour and by a day, Enter saves, Escape leaves it, m opens the form.
    pub fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented() {
            return;
        }
        let Some((n, block)) = block_of(event.target()).filter(|_| inside(event.target(), ".cal-link")) else {
            return;
        };
        let ghost = self.ghost.get_untracked().filter(|ghost| ghost.by_keys && ghost.visit == n);
        let done = match event.key().as_str() {
            "m" => block
                .query_selector(".cal-move")
                .ok()
                .flatten()
                .and_then(|link| link.dyn_into::<HtmlElement>().ok())
                .inspect(HtmlElement::click)
                .is_some(),
            "ArrowUp" => self.step(n, &block, -STEP, 0),
            "ArrowDown" => self.step(n, &block, STEP, 0),
            "ArrowLeft" => self.step(n, &block, 0, -1),
            "ArrowRight" => self.step(n, &block, 0, 1),
            "Enter" if ghost.is_some() => {
                self.save();
                true
            }
            "Escape" if ghost.is_some() => {
                self.ghost.set(None);
                self.session.said.set("It stays where it is.".to_owned());
                true
            }
            _ => false,
        };
        if done {
            event.prevent_default();
            event.stop_propagation();
        }
    }

    fn step(self, n: usize, block: &Element, minutes: i32, days: i64) -> bool {
        if block.has_attribute("data-still") {
            return false;
        }
        let Some(one) = self.visit(n) else { return false };
        let before = self.ghost.get_untracked().filter(|ghost| ghost.by_keys && ghost.visit == n);
        let (date, from, until) = before.map_or_else(
            || (one.date.clone(), one.from, one.until),
            |ghost| (ghost.date, ghost.from, ghost.until),
        );
        let long = until - from;
        let from = (from + minutes).clamp(0, (DAY - long.min(DAY)).max(0));
        let day = when::date(&date).and_then(|day| day.checked_add_signed(chrono::Duration::days(days)));
        let date = day.map_or(date, |day| day.to_string());
        let here = block
            .closest("[data-lines]")
            .ok()
            .flatten()
            .and_then(|lines| lines.get_attribute("data-lines")?.parse::<usize>().ok());
        let column = self.shown.with_untracked(|shown| {
            let shown = shown.as_ref()?;
            if shown.weekly {
                shown.columns.iter().position(|(of, _)| *of == date)
            } else {
                here.filter(|_| one.date == date)
            }
        });
        let words = words(&date, (from, from + long), None, &one.visit);
        self.session.said.set(format!("{words} Enter saves, Escape leaves it."));
        self.ghost.set(Some(Ghost {
            visit: n,
            column,
            from,
            until: from + long,
            words,
            date,
            staff: None,
            by_keys: true,
        }));
        true
    }

    /// Asks for what is shown.
    fn save(self) {
        let Some(ghost) = self.ghost.get_untracked() else { return };
        let Some(one) = self.visit(ghost.visit) else { return };
        if ghost.date == one.date && ghost.from == one.from && ghost.until == one.until && ghost.staff.is_none() {
            self.ghost.set(None);
            return;
        }
        self.ask(ghost, false);
    }

    /// Both are meant.
    pub fn double_book(self) {
        if let Some((ghost, _)) = self.clash.try_update(Option::take).flatten() {
            self.ask(ghost, true);
        }
    }

    fn ask(self, ghost: Ghost, double_book: bool) {
        let (Some(one), Some(shown)) = (self.visit(ghost.visit), self.shown.get_untracked()) else {
            return;
        };
        self.clash.set(None);
        let long = ghost.until - ghost.from;
        let minutes = if long == one.until - one.from {
            String::new()
        } else {
            long.to_string()
        };
        let staff = ghost
            .staff
            .clone()
            .map(|label| if label.is_empty() { NOBODY.to_owned() } else { label });
        let starts_at = local(&ghost.date, ghost.from);
        spawn_local(async move {
            let answer = move_visit(
                one.visit.id,
                starts_at,
                shown.zone,
                minutes,
                staff.unwrap_or_default(),
                String::new(),
                double_book,
                String::new(),
            );
            match answer.await {
                Ok(changed) => {
                    self.session.problem.try_set(None);
                    self.session.said.try_set(format!("Moved. {}", ghost.words));
                    self.focus.try_set(ghost.by_keys.then_some(one.visit.id));
                    self.ghost.try_set(None);
                    shown.last.set(changed);
                }
                Err(AppError(problem)) => {
                    self.ghost.try_set(None);
                    if problem.conflicts_with.is_some() && self.session.may_manage() {
                        self.clash.try_set(Some((ghost, problem.detail)));
                    } else {
                        self.session.problem.try_set(Some(problem));
                    }
                }
            }
        });
    }
}
