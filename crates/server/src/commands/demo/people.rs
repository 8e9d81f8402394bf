//! Units and people of the demonstration.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use app::identity::{self, NewPerson, NewUnit};
use app::{App, Ctx};
use base::Timestamp;
use serde::Deserialize;

use crate::commands::embedded;
use crate::http::parse_moment;

/// The password of every demonstration account. It protects nothing: the demonstration listens on the loopback.
pub const PASSWORD: &str = "Sample-County-2026";
/// The zone of the moments in the file.
const OFFSET_SECONDS: i32 = 28_800;

/// The file `people.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// The pack the county runs under.
    pub jurisdiction: String,
    /// Where the fake clock starts.
    pub clock: String,
    /// Units.
    pub units: Vec<NewUnit>,
    /// Persons.
    pub people: Vec<Member>,
}

/// A person of the demonstration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Account name.
    pub account: String,
    /// Name.
    pub name: String,
    /// Code of the unit.
    pub unit: String,
    /// Roles.
    pub roles: Vec<String>,
    /// What the person does, in Chinese.
    pub duty: String,
    /// The same in English.
    pub duty_en: String,
}

impl People {
    /// The people of a data folder: of its own `people.yaml`, or those of the demonstration it holds.
    ///
    /// # Errors
    /// When the file is not readable as people.
    pub fn read(data: &Path) -> Result<Self> {
        match Self::own(data)? {
            Some(people) => Ok(people),
            None => Self::of(&super::county_of(data)?),
        }
    }

    /// The people of a data folder's own `people.yaml`, if it has one.
    pub(super) fn own(data: &Path) -> Result<Option<Self>> {
        let own = data.join("people.yaml");
        if !own.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&own).with_context(|| format!("cannot read {}", own.display()))?;
        serde_saphyr::from_str(&text).context("people.yaml cannot be read").map(Some)
    }

    /// The built-in people of a demonstration.
    pub(super) fn of(county: &str) -> Result<Self> {
        let text = embedded::demo_text(&format!("{county}/people.yaml"))?;
        serde_saphyr::from_str(&text).context("people.yaml cannot be read")
    }

    pub(super) fn clock_start(&self) -> Result<Timestamp> {
        moment(&self.clock)
    }

    /// Adds whoever is not there yet.
    pub(super) async fn enrol(&self, app: &App) -> Result<()> {
        let persons = self
            .people
            .iter()
            .map(|member| {
                let roles = serde_json::from_value(serde_json::Value::from(member.roles.clone()))
                    .with_context(|| format!("roles of {}", member.account))?;
                Ok(NewPerson {
                    account: member.account.clone(),
                    name: member.name.clone(),
                    unit: member.unit.clone(),
                    roles,
                    password: PASSWORD.to_owned(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let ctx = Ctx::service("install", app.now());
        // One hash takes a tenth of a second: nothing is hashed when everybody is there.
        if !identity::all_enrolled(app, &persons).await? {
            identity::enrol(app, &ctx, &self.units, &persons).await.context("the accounts were not added")?;
        }
        Ok(())
    }

    /// Accounts as a table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        for member in &self.people {
            let unit = self.units.iter().find(|unit| unit.code == member.unit);
            let (name, en) = unit.map_or(("", ""), |unit| (unit.name.as_str(), unit.en.as_str()));
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{:<24}{name} {}  {en}, {}", member.account, member.duty, member.duty_en);
        }
        text
    }
}

pub(super) fn moment(text: &str) -> Result<Timestamp> {
    parse_moment(text, OFFSET_SECONDS).with_context(|| format!("`{text}` is not YYYY-MM-DD HH:MM"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_people_belong_to_their_units() {
        let people = People::read(Path::new("/nowhere")).unwrap();
        people.clock_start().unwrap();
        for member in &people.people {
            let unit = people.units.iter().find(|unit| unit.code == member.unit).expect(&member.account);
            let allowed: Vec<String> =
                serde_json::from_value(serde_json::to_value(&unit.roles).unwrap()).unwrap();
            assert!(member.roles.iter().all(|role| allowed.contains(role)), "{}", member.account);
        }
        assert!(people.table().contains("bureau.officer"));
    }
}
