//! A registration is right before it is made, and can be mended as long as nothing rests on it.

use catalog::{Openness, UpdateFrequency};
use privacy::ir::Entity;

use super::fixture::County;
use crate::resources::{self, NewResource};

fn new(code: &str, key: &str) -> NewResource {
    NewResource {
        code: code.to_owned(),
        name_zh: "航线".to_owned(),
        name_en: String::new(),
        description: String::new(),
        update_frequency: UpdateFrequency::Yearly,
        openness: Openness::Conditional,
        entity: Entity { kind: "route".to_owned(), columns: vec![key.to_owned()], protected: false },
        consent: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_never_be_filled_is_not_registered() {
    let county = County::open().await;
    let provider = county.ctx("market-bureau");
    for (wrong, expected) in [
        (new("Bad Code!", "id"), "catalog.name"),
        (new("", "id"), "catalog.missing"),
        (NewResource { name_zh: " ".to_owned(), ..new("routes", "id") }, "catalog.missing"),
        (
            NewResource {
                entity: Entity { columns: Vec::new(), ..new("routes", "id").entity },
                ..new("routes", "id")
            },
            "catalog.entity",
        ),
        (new("routes", "a.b"), "catalog.name"),
    ] {
        let error = resources::register_resource(&county.app, &provider, &wrong).await.unwrap_err();
        assert_eq!(error.code(), expected, "{wrong:?}");
    }
    let (found, _) = resources::catalog(&county.app, &provider, None, 10).await.unwrap();
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_without_data_can_be_mended_or_taken_back() {
    let county = County::open().await;
    let provider = county.ctx("market-bureau");
    let entry = resources::register_resource(&county.app, &provider, &new("routes", "nope")).await.unwrap();
    let csv = b"id,name\n1,a\n2,b\n".to_vec();
    let error = county.upload("market-bureau", entry.id(), csv.clone()).await.unwrap_err();
    assert_eq!(error.code(), "catalog.entity_column");

    let stranger = county.ctx("civil-bureau");
    let foreign = resources::edit_resource(&county.app, &stranger, entry.id(), &new("routes", "id")).await;
    assert!(
        foreign.is_err() && resources::withdraw_resource(&county.app, &stranger, entry.id()).await.is_err()
    );
    let bad = resources::edit_resource(&county.app, &provider, entry.id(), &new("Bad Code!", "id")).await;
    assert_eq!(bad.unwrap_err().code(), "catalog.name");
    let mended = resources::edit_resource(&county.app, &provider, entry.id(), &new("bus_routes", "id")).await;
    assert_eq!(mended.unwrap().resource.code, "bus_routes");
    county.upload("market-bureau", entry.id(), csv).await.unwrap();

    for refused in [
        resources::edit_resource(&county.app, &provider, entry.id(), &new("late", "id")).await.map(|_| ()),
        resources::withdraw_resource(&county.app, &provider, entry.id()).await,
    ] {
        assert_eq!(refused.unwrap_err().code(), "resource.has_data");
    }
    // The code that was given up is free, and so is one that is taken back.
    for _ in 0..2 {
        let entry = resources::register_resource(&county.app, &provider, &new("routes", "id")).await.unwrap();
        resources::withdraw_resource(&county.app, &provider, entry.id()).await.unwrap();
    }
}
