//! The command bar: every action that this page has, every page, quick replies where one writes, and every contact, found by a few letters.
//!
//! What it shows comes as a file of its own when it is opened first.

mod choices;

use leptos::{html, prelude::*};

/// The way to the bar.
#[derive(Clone, Copy)]
pub struct Bar {
    dialog: NodeRef<html::Dialog>,
    /// How often it was opened.
    opened: RwSignal<u32>,
    sheet: StoredValue<NodeRef<html::Dialog>>,
}

impl Bar {
    pub fn new() -> Self {
        Self {
            dialog: NodeRef::new(),
            opened: RwSignal::new(0),
            sheet: StoredValue::new(NodeRef::new()),
        }
    }

    pub(super) fn explains_keys(self, sheet: NodeRef<html::Dialog>) {
        self.sheet.set_value(sheet);
    }

    /// Opens it, or closes it; false where another dialog is open.
    pub fn toggle(self) -> bool {
        let Some(dialog) = self.dialog.get_untracked() else {
            return false;
        };
        if dialog.open() {
            dialog.close();
            return true;
        }
        let other = document().query_selector("dialog[open]").ok().flatten().is_some();
        if other || dialog.show_modal().is_err() {
            return false;
        }
        self.opened.update(|n| *n += 1);
        true
    }

    fn close(self) {
        if let Some(dialog) = self.dialog.get_untracked() {
            dialog.close();
        }
    }

    fn show_sheet(self) {
        if let Some(sheet) = self.sheet.get_value().get_untracked() {
            _ = sheet.show_modal();
        }
    }
}

#[cfg(feature = "hydrate")]
#[leptos::wasm_split::wasm_split(command_bar, wasm_split_path = ::leptos::wasm_split, fallible)]
fn draw(bar: Bar) -> Result<AnyView, leptos::wasm_split::SplitLoaderError> {
    Ok(choices::Choices(choices::ChoicesProps { bar }).into_any())
}

#[cfg(feature = "hydrate")]
async fn content(bar: Bar) -> AnyView {
    match draw(bar).await {
        Ok(view) => view,
        Err(_) => view! { <p role="alert">"The commands could not be loaded. Please load the page again."</p> }.into_any(),
    }
}

/// The server draws none: there is nobody who could open it before a script runs.
#[cfg(not(feature = "hydrate"))]
#[expect(clippy::unused_async, reason = "in the browser it waits for its file")]
async fn content(bar: Bar) -> AnyView {
    choices::Choices(choices::ChoicesProps { bar }).into_any()
}

#[component]
pub fn CommandBar(bar: Bar) -> impl IntoView {
    let ever = Memo::new(move |_| bar.opened.get() > 0);
    let content = move || {
        ever.get()
            .then(|| Suspend::new(Box::pin(send_wrapper::SendWrapper::new(content(bar)))))
    };
    view! {
        <dialog node_ref=bar.dialog id="commands" class="sheet" aria-label="Commands">
            {content}
        </dialog>
    }
}
