//! Ticking conversations of the list by keys.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

/// The form that the boxes belong to; they name it.
pub const FORM: &str = "bulk";

/// The box ticked last, by its value.
const ANCHOR: &str = "data-anchor";

/// Which boxes a key ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The focused one, or the open one.
    Here,
    /// From the one ticked last to the focused one.
    Range,
    All,
    None,
    Unread,
}

/// Ticks boxes of the list by a key; whether there was one.
pub fn tick(which: Which) -> bool {
    let boxes = elements(&format!("input[form={FORM}]"));
    let row = |tick: &HtmlInputElement| tick.closest("li").ok().flatten();
    let focused = document()
        .active_element()
        .and_then(|active| active.closest("li").ok().flatten());
    let holds = |tick: &HtmlInputElement, selector: &str| {
        row(tick).is_some_and(|row| matches!(row.query_selector(selector), Ok(Some(_))))
    };
    let here = boxes
        .iter()
        .position(|tick| focused.is_some() && row(tick) == focused)
        .or_else(|| boxes.iter().position(|tick| holds(tick, "[aria-current=page]")));
    // Rows are drawn anew now and then; their form is not.
    let form = document().get_element_by_id(FORM);
    let anchor = form.as_ref().and_then(|form| form.get_attribute(ANCHOR));
    let anchor = anchor.and_then(|id| boxes.iter().position(|tick| tick.value() == id));
    let wanted = |at: usize, tick: &HtmlInputElement| match which {
        Which::Here => (Some(at) == here).then(|| !tick.checked()),
        Which::Range => {
            let (from, to) = (here?, anchor.or(here)?);
            (from.min(to)..=from.max(to)).contains(&at).then_some(true)
        }
        Which::All => Some(true),
        Which::None => Some(false),
        Which::Unread => Some(holds(tick, "[data-unread]:not([data-unread='0'])")),
    };
    for (at, tick) in boxes.iter().enumerate() {
        if wanted(at, tick).is_some_and(|wanted| wanted != tick.checked()) {
            tick.click();
        }
    }
    if let (Which::Here, Some(here), Some(form)) = (which, here.and_then(|at| boxes.get(at)), form) {
        _ = form.set_attribute(ANCHOR, &here.value());
    }
    !boxes.is_empty()
}

fn elements(selector: &str) -> Vec<HtmlInputElement> {
    let Ok(all) = document().query_selector_all(selector) else {
        return Vec::new();
    };
    (0..all.length())
        .filter_map(|n| all.get(n)?.dyn_into::<Element>().ok()?.dyn_into().ok())
        .collect()
}
