//! An installation in a temporary folder, with units and people of the built-in county and one open authorisation.

use std::collections::BTreeMap;
use std::path::Path;

use access::{Principal, Role, Standing};
use base::{Id, Timestamp, kind};
use bytes::Bytes;
use catalog::{Decision, Openness, UpdateFrequency};
use privacy::SensitiveKind;
use privacy::ir::{Entity, Label};
use privacy::masking::MaskSpec;
use storage::records::{self, Expected};

use crate::cases::{self, ActRequest, OpenRequest};
use crate::clock::{new_id, random_bytes};
use crate::identity::Unit;
use crate::packs::PackSource;
use crate::resources::{self, NewResource};
use crate::tenants::{Grant, GrantState, Tenant, TenantState};
use crate::uploads::{self, UploadFormat};
use crate::{App, Config, Ctx, Error, Result, jobs};

pub(crate) struct County {
    pub(crate) app: App,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) tenant: Id<kind::Tenant>,
    units: BTreeMap<&'static str, Unit>,
    persons: BTreeMap<&'static str, Id<kind::Person>>,
}

const UNITS: [(&str, &[Role]); 7] = [
    ("bigdata-bureau", &[Role::Authority, Role::Reviewer]),
    ("supervision-office", &[Role::Supervisor, Role::Reviewer]),
    ("market-bureau", &[Role::Provider]),
    ("civil-bureau", &[Role::Provider]),
    ("operator", &[Role::OperatorManager, Role::OperatorEngineer, Role::Applicant]),
    ("bank", &[Role::Buyer]),
    ("carrier", &[Role::Buyer]),
];

pub(crate) fn packs() -> Vec<PackSource> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut sources = Vec::new();
    for folder in std::fs::read_dir(&root).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        collect(&folder, &folder, &mut files);
        files.sort();
        sources.push(PackSource { id: folder.file_name().unwrap().to_string_lossy().into_owned(), files });
    }
    sources
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "typ") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

pub(crate) fn config(folder: &Path) -> Config {
    Config { data: folder.to_owned(), jurisdiction: "deqing".to_owned(), ..Config::default() }
}

impl County {
    pub(crate) async fn open() -> Self {
        Self::open_with(&packs()).await
    }

    /// The same installation after a restart, with these packs supplied.
    pub(super) async fn restart(self, packs: &[PackSource]) -> Self {
        self.restart_with(packs, |_| ()).await
    }

    /// The same, with other settings.
    pub(super) async fn restart_with(
        mut self,
        packs: &[PackSource],
        change: impl FnOnce(&mut Config),
    ) -> Self {
        self.app.close().await;
        let mut config = self.app.config().clone();
        change(&mut config);
        self.app = App::open(config, packs).await.unwrap();
        self
    }

    pub(super) async fn open_with(packs: &[PackSource]) -> Self {
        Self::begin(None, packs).await
    }

    /// With a clock that starts at an instant and stands until it is moved.
    pub(super) async fn open_at(now: Timestamp) -> Self {
        Self::begin(Some(now.micros()), &packs()).await
    }

    async fn begin(fake_clock: Option<i64>, packs: &[PackSource]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { fake_clock, ..config(folder.path()) };
        let mut county = Self {
            app: App::open(config, packs).await.unwrap(),
            folder,
            tenant: new_id(Timestamp::from_micros(1)),
            units: BTreeMap::new(),
            persons: BTreeMap::new(),
        };
        let now = county.app.now();
        for (code, roles) in UNITS {
            let unit = Unit {
                id: new_id(now),
                code: code.to_owned(),
                name: code.to_owned(),
                en: code.to_owned(),
                contact: String::new(),
                roles: roles.to_vec(),
                standing: Standing::Active,
            };
            county.put(&unit).await;
            county.persons.insert(code, new_id(now));
            county.units.insert(code, unit);
        }
        county.tenant = county.authorise("operator", TenantState::Active).await;
        county
    }

    /// An authorisation of a unit, without the cases that lead to it.
    pub(crate) async fn authorise(&self, unit: &str, state: TenantState) -> Id<kind::Tenant> {
        let unit = &self.units[unit];
        let now = self.app.now();
        let tenant = Tenant {
            id: new_id(now),
            unit: unit.id,
            unit_code: unit.code.clone(),
            unit_name: unit.name.clone(),
            title: "test".to_owned(),
            pack: "deqing".to_owned(),
            case: None,
            parent: None,
            state,
            domain: None,
            agreement: None,
            former: Vec::new(),
            term: None,
            opened: None,
            created: now,
            closed_by: None,
            also_closed_by: Vec::new(),
            closed_on: Vec::new(),
            was_open: false,
            certificate: None,
            epoch: 0,
        };
        self.put(&tenant).await;
        let (app, id) = (&self.app, tenant.id);
        app.store()
            .system("test.key", |tx| Box::pin(async move { app.keys().create_tenant(tx, id, now).await }))
            .await
            .unwrap();
        tenant.id
    }

    pub(crate) async fn put<R: records::Record>(&self, record: &R) {
        let now = self.app.now();
        self.app
            .store()
            .system("test.put", |tx| {
                Box::pin(async move {
                    records::put(tx, record, Expected::Any, now).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
            .unwrap();
    }

    pub(crate) async fn get<R: records::Record>(&self, id: uuid::Uuid) -> R {
        let found = self
            .app
            .store()
            .read("test.get", |tx| Box::pin(async move { Ok::<_, Error>(records::get::<R>(tx, id).await?) }))
            .await
            .unwrap();
        found.unwrap().value
    }

    /// Sets the state of the tenant, as a case would.
    pub(crate) async fn set_state(&self, state: TenantState) {
        let tenant = self.get::<Tenant>(self.tenant.uuid()).await;
        self.put(&Tenant { state, ..tenant }).await;
    }

    /// Somebody of a unit.
    pub(crate) fn ctx(&self, unit: &str) -> Ctx {
        let unit = &self.units[unit];
        let now = self.app.now();
        let person = self.persons[unit.code.as_str()];
        let mut principal = Principal::person(
            person,
            (unit.id, &unit.code),
            &unit.roles,
            new_id(now),
            now.plus_seconds(3_600),
        );
        if unit.code == "operator" {
            principal.tenants = vec![self.tenant];
        }
        Ctx {
            principal,
            person_name: unit.code.clone(),
            unit_name: unit.name.clone(),
            now,
            request: new_id(now),
            idempotency_key: None,
        }
    }

    /// A resource registered by a provider and filled with a CSV text.
    pub(crate) async fn resource(
        &self,
        provider: &str,
        code: &str,
        entity: &str,
        key: &str,
        csv: Vec<u8>,
    ) -> Result<Id<kind::Resource>> {
        self.resource_by(provider, code, entity, key, csv, false).await
    }

    /// The same, where rows may be used by consent.
    pub(crate) async fn resource_by(
        &self,
        provider: &str,
        code: &str,
        entity: &str,
        key: &str,
        csv: Vec<u8>,
        consent: bool,
    ) -> Result<Id<kind::Resource>> {
        let new = NewResource {
            code: code.to_owned(),
            name_zh: code.to_owned(),
            name_en: code.to_owned(),
            description: String::new(),
            update_frequency: UpdateFrequency::Yearly,
            openness: Openness::Conditional,
            entity: Entity { kind: entity.to_owned(), columns: vec![key.to_owned()], protected: true },
            consent,
        };
        let entry = resources::register_resource(&self.app, &self.ctx(provider), &new).await?;
        self.upload(provider, entry.id(), csv).await?;
        Ok(entry.id())
    }

    pub(crate) async fn upload(
        &self,
        provider: &str,
        resource: Id<kind::Resource>,
        csv: Vec<u8>,
    ) -> Result<uploads::Uploaded> {
        let pieces: Vec<_> =
            csv.chunks(1_000).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
        let body = futures::stream::iter(pieces);
        uploads::upload(&self.app, &self.ctx(provider), resource, UploadFormat::Csv, body).await
    }

    /// A resource by its code.
    pub(crate) async fn find(&self, code: &str) -> Id<kind::Resource> {
        let found = self
            .app
            .store()
            .read("test.find", |tx| {
                let code = code.to_owned();
                Box::pin(async move { resources::by_code(tx, &code).await })
            })
            .await;
        found.unwrap().unwrap().id()
    }

    /// Accepts all columns as public, but the key as an identifier.
    pub(crate) async fn classify(&self, provider: &str, resource: Id<kind::Resource>, key: &str) {
        let ctx = self.ctx(provider);
        let entry = resources::resource(&self.app, &ctx, resource).await.unwrap();
        let decisions: Vec<_> = entry
            .resource
            .columns
            .iter()
            .map(|column| Decision {
                column: column.name.clone(),
                kind: SensitiveKind::General,
                level: if column.name == key { 2 } else { 1 },
                label: if column.name == key { Label::Identifier } else { Label::Public },
                mask: if column.name == key {
                    MaskSpec::Token { domain: "test".to_owned() }
                } else {
                    MaskSpec::Keep
                },
                note: "test".to_owned(),
                title: String::new(),
            })
            .collect();
        let decided = resources::Classify { columns: decisions, twin: None };
        resources::classify_resource(&self.app, &ctx, resource, &decided).await.unwrap();
    }

    /// Grants columns to the tenant, as the effect of a case does, and has the job prepare them.
    pub(crate) async fn grant(&self, resource: Id<kind::Resource>, columns: &[&str]) -> Grant {
        let now = self.app.now();
        let entry = self.get::<resources::CatalogEntry>(resource.uuid()).await;
        let wanted = resources::Wanted {
            code: entry.resource.code.clone(),
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
        };
        let grant = Grant {
            id: new_id(now),
            tenant: self.tenant,
            resource,
            code: wanted.code.clone(),
            columns: entry.check_wanted(&wanted).unwrap(),
            case: new_id(now),
            state: GrantState::Preparing,
            created: now,
            raw: None,
            twin: None,
            error: None,
            basis: None,
            renewal: None,
        };
        self.put(&grant).await;
        self.push(jobs::PREPARE_GRANT, grant.id, &grant.id).await;
        jobs::drain(&self.app).await;
        self.get::<Grant>(grant.id.uuid()).await
    }

    pub(crate) async fn push(
        &self,
        kind: &'static str,
        key: impl ToString,
        body: &(impl serde::Serialize + Sync),
    ) {
        let (now, key) = (self.app.now(), key.to_string());
        self.app
            .store()
            .system("test.push", |tx| {
                let key = key.clone();
                Box::pin(async move { jobs::push(tx, kind, key, now, body).await })
            })
            .await
            .unwrap();
    }

    /// Opens a case about things of the tenant.
    pub(crate) async fn case(&self, procedure: &str, facts: serde_json::Value) -> Id<kind::Case> {
        let request = OpenRequest {
            procedure: procedure.to_owned(),
            title: procedure.to_owned(),
            form: BTreeMap::default(),
            attachments: Vec::new(),
            facts: serde_json::from_value(facts).unwrap(),
        };
        cases::open(&self.app, &self.ctx("operator"), &request).await.unwrap().id
    }

    pub(crate) async fn act(
        &self,
        unit: &str,
        case: Id<kind::Case>,
        request: serde_json::Value,
    ) -> Result<()> {
        let request: ActRequest = serde_json::from_value(request).unwrap();
        cases::act(&self.app, &self.ctx(unit), case, &request).await?;
        jobs::drain(&self.app).await;
        Ok(())
    }

    /// Files below the objects folder.
    pub(crate) fn files(&self) -> Vec<std::path::PathBuf> {
        let mut files = Vec::new();
        for folder in std::fs::read_dir(self.folder.path().join("objects")).unwrap() {
            let folder = folder.unwrap().path();
            if folder.is_dir() {
                files.extend(std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
            }
        }
        files
    }
}

/// Enterprises in three industries: two large ones and one of three firms only.
pub(crate) fn enterprises(rows: usize) -> Vec<u8> {
    let mut csv = "credit_code,industry,licence_status,employees\n".to_owned();
    for row in 0..rows {
        let industry = match row {
            0..3 => "fishery",
            _ if row % 2 == 0 => "retail",
            _ => "textile",
        };
        let status = if row % 5 == 0 { "expired" } else { "valid" };
        csv.push_str(&format!("ENT-{row:06}-X,{industry},{status},{}\n", 10 + row % 90));
    }
    csv.into_bytes()
}

/// Random text that must never be found in a file.
pub(crate) fn marker() -> String {
    format!("marker-{:016x}", u64::from_be_bytes(random_bytes()))
}
