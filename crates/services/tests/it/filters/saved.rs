//! Filters under a name: whose they are, and who may change them.

use contract::{
    Code,
    accounts::Role,
    filters::{SaveFilter, SavedFilter},
};
use rstest::rstest;
use services::{Actor, Result, filters::saved};
use testkit::{Backend, World, member};

use super::world;

fn named(name: &str, shared: bool) -> SaveFilter {
    SaveFilter {
        name: name.to_owned(),
        show: Some("open".to_owned()),
        filters: "visit=tomorrow&tag=VIP".to_owned(),
        shared,
    }
}

async fn save(w: &World, actor: &Actor, name: &str, shared: bool) -> Result<SavedFilter> {
    saved::save(&w.s, actor, named(name, shared)).await
}

async fn seen_by(w: &World, actor: &Actor) -> Vec<String> {
    let all = saved::list(&w.s, actor).await.expect("a list");
    all.into_iter().map(|one| one.name).collect()
}

fn code(result: Result<impl std::fmt::Debug>) -> Code {
    result.expect_err("refused").problem().code
}

#[rstest]
#[tokio::test]
async fn ones_own_are_ones_own_and_shared_ones_everybodys(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let other = w.another_business().await;
    let ours = save(&w, &w.owner, "Visits tomorrow", true).await.expect("saved");
    assert_eq!(
        (ours.show.as_deref(), ours.filters.as_str(), ours.shared, ours.may_change),
        (Some("open"), "tag=vip&visit=tomorrow", true, true)
    );
    let mine = save(&w, &w.owner, "Mine", false).await.expect("saved");
    // Another owner may use the same name.
    save(&w, &sam, "visits tomorrow", false).await.expect("saved");
    let sams = save(&w, &sam, "A few", false).await.expect("saved");
    assert_eq!(seen_by(&w, &w.owner).await, ["Mine", "Visits tomorrow"]);
    assert_eq!(seen_by(&w, &sam).await, ["A few", "visits tomorrow", "Visits tomorrow"]);
    assert_eq!(seen_by(&w, &other).await, [""; 0]);

    assert_eq!(code(save(&w, &sam, "For all", true).await), Code::NotAllowed);
    assert_eq!(code(saved::rename(&w.s, &sam, ours.id, "Theirs").await), Code::NotAllowed);
    assert_eq!(code(saved::remove(&w.s, &sam, ours.id).await), Code::NotAllowed);
    assert_eq!(
        code(saved::remove(&w.s, &sam, mine.id).await),
        Code::NotFound,
        "it is not theirs to see"
    );
    assert_eq!(code(saved::remove(&w.s, &w.owner, sams.id).await), Code::NotFound);
    assert_eq!(code(saved::remove(&w.s, &other, ours.id).await), Code::NotFound);

    let renamed = saved::rename(&w.s, &w.owner, ours.id, " Tomorrow’s  VIPs ")
        .await
        .expect("renamed");
    assert_eq!(renamed.name, "Tomorrow’s VIPs");
    saved::remove(&w.s, &sam, sams.id).await.expect("removed");
    assert_eq!(seen_by(&w, &sam).await, ["visits tomorrow", "Tomorrow’s VIPs"]);
}

#[rstest]
#[tokio::test]
async fn what_cant_be_saved_is_refused_in_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    save(&w, &w.owner, "Tomorrow", false).await.expect("saved");
    let says = |refused: Result<SavedFilter>| refused.expect_err("refused").problem().for_field("name").map(str::to_owned);
    let twice = says(save(&w, &w.owner, "TOMORROW", false).await);
    assert_eq!(twice.as_deref(), Some("Another saved filter has this name already."));
    assert!(
        says(save(&w, &w.owner, " \u{200b} ", false).await).is_some(),
        "nothing to see"
    );
    assert!(says(save(&w, &w.owner, &"x".repeat(41), false).await).is_some());
    let nothing = SaveFilter {
        filters: String::new(),
        ..named("All", false)
    };
    assert!(says(saved::save(&w.s, &w.owner, nothing).await).is_some());
    for wrong in [
        SaveFilter {
            show: Some("strange".to_owned()),
            ..named("Strange", false)
        },
        SaveFilter {
            filters: "colour=red".to_owned(),
            ..named("Red", false)
        },
    ] {
        assert_eq!(code(saved::save(&w.s, &w.owner, wrong).await), Code::Malformed);
    }
    for n in 1..50 {
        save(&w, &w.owner, &format!("Number {n}"), false).await.expect("saved");
    }
    assert_eq!(code(save(&w, &w.owner, "One more", false).await), Code::Conflict);
    save(&w, &w.owner, "One of ours", true)
        .await
        .expect("those of all are counted by themselves");
    assert_eq!(seen_by(&w, &w.owner).await.len(), 51);
}
