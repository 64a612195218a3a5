//! Other ways to see the same part of the log: turned around, in another layout, anew, as a file.

use domain::permissions::Permission;
use leptos::prelude::*;

use super::Here;
use crate::{components::Icon, session::use_session};

/// How rows are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    #[default]
    List,
    Table,
    Cards,
}

impl Layout {
    const ALL: [Layout; 3] = [Layout::List, Layout::Table, Layout::Cards];

    /// What the address says; anything else is the list.
    pub fn of(name: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|layout| layout.name() == name).unwrap_or_default()
    }

    pub fn name(self) -> Option<&'static str> {
        match self {
            Layout::List => None,
            Layout::Table => Some("table"),
            Layout::Cards => Some("cards"),
        }
    }

    fn label(self) -> (&'static str, icondata::Icon) {
        match self {
            Layout::List => ("List", icondata::LuList),
            Layout::Table => ("Table", icondata::LuTable),
            Layout::Cards => ("Cards", icondata::LuLayoutGrid),
        }
    }
}

#[component]
pub fn Ways(here: Memo<Here>) -> impl IntoView {
    let layouts = Layout::ALL
        .into_iter()
        .map(|layout| {
            let (words, icon) = layout.label();
            let there = move || {
                let there = Here { layout, ..here.get() };
                there.address()
            };
            view! {
                <a
                    class="btn btn-sm min-h-11 px-2.5 md:min-h-9"
                    href=there
                    aria-current=move || (here.read().layout == layout).then_some("true")
                    class=("btn-active", move || here.read().layout == layout)
                >
                    <Icon icon />
                    <span class="sr-only">{words}</span>
                </a>
            }
        })
        .collect_view();
    let turn = move || {
        if here.read().is_oldest_first() {
            "Newest first"
        } else {
            "Oldest first"
        }
    };
    let file = use_session().may(Permission::ExportData).then(|| {
        view! {
            <a class="btn btn-sm min-h-11 md:min-h-9" href=move || here.read().file() rel="external" download="">
                <Icon icon=icondata::LuDownload />
                "CSV"
            </a>
        }
    });
    view! {
        <nav aria-label="Layout" class="flex gap-1">
            {layouts}
        </nav>
        <a class="btn btn-sm min-h-11 md:min-h-9" href=move || here.read().turned().address()>
            <Icon icon=icondata::LuArrowUpDown />
            {turn}
        </a>
        <a class="btn btn-sm min-h-11 md:min-h-9" href=move || here.read().address() rel="external">
            <Icon icon=icondata::LuRefreshCw />
            "Refresh"
        </a>
        {file}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_has_an_address_of_its_own() {
        for layout in Layout::ALL {
            assert_eq!(Layout::of(layout.name()), layout);
        }
        assert_eq!(Layout::of(Some("nonsense")), Layout::List);
    }
}
