//! Sealed objects and the destruction of keys.

use base::{Digest, Id, kind};

use super::fixture::{Fixture, append, id, now, permit};
use crate::objects::{self, Object, TenantKey};
use crate::{Error, Store};

fn object(number: u8, tenant: Id<kind::Tenant>) -> Object {
    Object {
        id: id(number),
        tenant,
        kind: "snapshot".to_owned(),
        path: format!("objects/{number}"),
        sealed_bytes: 1_000,
        plain_bytes: 900,
        digest: Digest::of(&[number]),
        wrapped: format!("wrapped-data-key-number-{number:03}").into_bytes(),
        created: now(),
        destroyed_at: None,
    }
}

const TENANT_KEY: &[u8] = b"wrapped-tenant-key-to-be-destroyed";

async fn fill(store: &Store) {
    let filled: Result<(), Error> = store
        .transact(&permit(), "fill", |tx| {
            Box::pin(async move {
                append(tx, "tenant").await?;
                let key = TenantKey {
                    tenant: id(1),
                    suite: "intl".to_owned(),
                    wrapped: TENANT_KEY.to_vec(),
                    created: now(),
                };
                objects::put_tenant_key(tx, &key).await?;
                assert_eq!(objects::put_tenant_key(tx, &key).await.unwrap_err().code(), "storage.duplicate");
                assert_eq!(objects::tenant_key(tx, id(1)).await?.as_ref(), Some(&key));
                for number in 1..=5 {
                    objects::put(tx, &object(number, id(1))).await?;
                }
                objects::put(tx, &object(9, id(2))).await?;
                assert_eq!(
                    objects::put(tx, &object(9, id(2))).await.unwrap_err().code(),
                    "storage.duplicate"
                );
                Ok(())
            })
        })
        .await;
    filled.unwrap();
}

pub(super) async fn a_destroyed_tenant_has_no_keys_left(fixture: Fixture) {
    fill(&fixture.store).await;
    let destroyed: Result<u64, Error> = fixture
        .store
        .transact(&permit(), "destroy", |tx| {
            Box::pin(async move {
                append(tx, "tenant").await?;
                objects::destroy_tenant(tx, id(1), now().plus_seconds(1)).await
            })
        })
        .await;
    assert_eq!(destroyed.unwrap(), 5);
    let left: Result<_, Error> = fixture
        .store
        .read("left", |tx| {
            Box::pin(async move {
                Ok((
                    objects::tenant_key(tx, id(1)).await?,
                    objects::of_tenant(tx, id(1), None, 100).await?,
                    objects::of_tenant(tx, id(2), None, 100).await?,
                ))
            })
        })
        .await;
    let (key, gone, others) = left.unwrap();
    assert_eq!(key, None);
    assert_eq!(gone.len(), 5);
    assert!(gone.iter().all(|object| object.wrapped.is_empty() && object.destroyed_at.is_some()));
    assert_eq!(others, [object(9, id(2))]);
    if fixture.is_sqlite() {
        // Nothing is left in the files either, while the store is still open.
        let residue = residue(&fixture, &[TENANT_KEY, b"wrapped-data-key-number-00"]);
        assert_eq!(residue, ["wrapped-data-key-number-009"]);
    }
}

/// Wrapped keys found in any file of the store's folder.
fn residue(fixture: &Fixture, needles: &[&[u8]]) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for needle in needles {
            for (at, window) in bytes.windows(needle.len()).enumerate() {
                if window == *needle {
                    let end = (at + needle.len() + 1).min(bytes.len());
                    found.insert(String::from_utf8_lossy(&bytes[at..end]).into_owned());
                }
            }
        }
    }
    found.into_iter().collect()
}

pub(super) async fn one_object_can_be_destroyed_alone(fixture: Fixture) {
    fill(&fixture.store).await;
    let result: Result<(), Error> = fixture
        .store
        .transact(&permit(), "destroy", |tx| {
            Box::pin(async move {
                append(tx, "object").await?;
                assert!(objects::destroy(tx, id(3), now()).await?);
                assert!(!objects::destroy(tx, id(3), now()).await?);
                assert!(!objects::destroy(tx, id(77), now()).await?);
                assert_eq!(objects::get(tx, id(3)).await?.unwrap().wrapped, b"");
                assert_eq!(objects::get(tx, id(4)).await?, Some(object(4, id(1))));
                assert_eq!(objects::get(tx, id(77)).await?, None);
                let page = objects::of_tenant(tx, id(1), Some(id(2)), 2).await?;
                assert_eq!(page.iter().map(|object| object.id).collect::<Vec<_>>(), [id(3), id(4)]);
                let fresh = TenantKey {
                    tenant: id(1),
                    suite: "gm".to_owned(),
                    wrapped: b"rewrapped".to_vec(),
                    created: now(),
                };
                assert!(objects::rewrap_tenant_key(tx, &fresh).await?);
                assert_eq!(objects::tenant_key(tx, id(1)).await?, Some(fresh));
                Ok(())
            })
        })
        .await;
    result.unwrap();
}
