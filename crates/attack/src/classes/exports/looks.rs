//! Who looks at a candidate and its report.

use super::waiting;
use crate::attack::{Doing, Found, Scene};
use crate::stage::{ENGINEER, MANAGER, OTHER_MANAGER};

pub(super) fn candidate<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for who in
            [ENGINEER, MANAGER, crate::stage::SECOND, OTHER_MANAGER, "buyer.bank", "civil.officer", "admin"]
        {
            let answer = scene
                .lab
                .client
                .get(who, &format!("/api/v1/exports/{}/candidate?offset=0", made.export))
                .await?;
            found.forms += 1;
            found.expect(!answer.is_ok(), || format!("{who} sees the candidate"));
        }
        Ok(found)
    })
}

pub(super) fn reviewer_looks<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let answer = scene
            .lab
            .client
            .get("bureau.chief", &format!("/api/v1/exports/{}/candidate", made.export))
            .await?;
        found.expect(answer.is_ok() && answer.json().pointer("/page/rows/0").is_some(), || answer.shown());
        Ok(found)
    })
}

pub(super) fn report<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for who in [ENGINEER, MANAGER] {
            for (path, pointer) in [
                (format!("/api/v1/runs/{}", made.run), "/result/report"),
                (format!("/api/v1/exports/{}", made.export), "/frozen/report"),
            ] {
                let shown = scene
                    .lab
                    .client
                    .get(who, &path)
                    .await?
                    .json()
                    .pointer(pointer)
                    .cloned()
                    .unwrap_or_default();
                found.forms += 1;
                found.expect(shown.is_null(), || format!("{who} sees {shown}"));
            }
        }
        Ok(found)
    })
}

pub(super) fn reviewer_sees_report<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let answer =
            scene.lab.client.get("bureau.chief", &format!("/api/v1/exports/{}", made.export)).await?;
        found.expect(answer.json().pointer("/frozen/report").is_some_and(|report| !report.is_null()), || {
            answer.shown()
        });
        Ok(found)
    })
}
