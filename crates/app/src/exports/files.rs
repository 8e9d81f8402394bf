//! Released files. CSV, JSON and Parquet were rebuilt in the domain; paper and chart are drawn here from the cells that
//! left, anew each time and with the same bytes each time.

use access::Action;
use base::{Id, kind};
use documents::{Chart, Sheet, Stamp};
use privacy::disclosure::Accuracy;
use secure_domain::objects::KeyRing;
use secure_domain::protocol::{ObjectRef, Page};
use serde::{Deserialize, Serialize};

use super::{Export, Release, with_tenant};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result, objects, papers, tenants, zones};

/// Rows of a paper. Longer results are for programs.
const SHEET_ROWS_MAX: usize = 2_000;

/// Form of a released file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseFormat {
    /// CSV.
    #[default]
    Csv,
    /// JSON.
    Json,
    /// Parquet.
    Parquet,
    /// A table on paper.
    Pdf,
    /// A chart.
    Png,
}

impl ReleaseFormat {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Json, Self::Parquet, Self::Pdf, Self::Png];

    /// The format with this name.
    ///
    /// # Errors
    /// `export.no_model` for formats of models, since no run makes one; `export.format` for everything else that is not in
    /// the list.
    pub fn parse(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| match name {
            "onnx" => Error::invalid("export.no_model", name),
            _ => Error::explained("export.format", "csv, json, parquet, pdf or png"),
        })
    }

    /// Its name, which is also the ending of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Pdf => "pdf",
            Self::Png => "png",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
        }
    }
}

/// A released file as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedBytes {
    /// Its form.
    pub format: ReleaseFormat,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A released file, for the operator. The download is durable in the journal before its bytes are read.
///
/// # Errors
/// `export.unknown`; `export.not_released`; `tenant.closed`; `export.not_kept` for JSON of old releases;
/// `export.too_long` for paper and `export.no_chart` for a chart of a result that does not fit one.
pub async fn download(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Export>,
    format: ReleaseFormat,
) -> Result<ReleasedBytes> {
    let (export, tenant) = with_tenant(app, id).await?;
    // Asking for a release and fetching it are the operator's; supervisors see the record, not the file.
    let permit = &app.permit(ctx, Action::ExportRequest, export.reference(&tenant))?;
    let release = export.release.clone().ok_or(Error::Conflict("export.not_released"))?;
    let owner = export.tenant;
    app.store()
        .transact(permit, "export.download", |tx| {
            Box::pin(async move {
                if !tenants::get(tx, owner).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let subject = format!("export/{id}");
                let payload = (format, release.parquet.digest);
                app.record(tx, permit, ctx.now, Note { subject, tenant: Some(owner), clauses: &[], payload })
                    .await
            })
        })
        .await?;
    app.committed();
    let bytes = match format {
        ReleaseFormat::Csv => objects::open(app, release.csv.object).await?,
        ReleaseFormat::Parquet => objects::open(app, release.parquet.object).await?,
        ReleaseFormat::Json => {
            let json = release.json.ok_or(Error::Conflict("export.not_kept"))?;
            objects::open(app, json.object).await?
        }
        ReleaseFormat::Pdf => paper(app, &export, &release).await?,
        ReleaseFormat::Png => chart(app, &export, &release).await?,
    };
    Ok(ReleasedBytes { format, bytes })
}

/// The released cells, no more rows than asked for.
pub(super) async fn cells(app: &App, export: &Export, release: &Release, rows_max: usize) -> Result<Page> {
    let (tenant, object) = (export.tenant, release.parquet.object);
    let key = app
        .store()
        .read("export.cells", |tx| Box::pin(async move { zones::key_of(app, tx, tenant, object).await }))
        .await?;
    let dir = app.config().objects_dir();
    let read = tokio::task::spawn_blocking(move || {
        let reference = ObjectRef { object, key: key.name.clone() };
        let keys = KeyRing::default();
        keys.add(vec![key]);
        secure_domain::serving::released_page(&dir, &keys, &reference, rows_max)
    });
    Ok(read.await.map_err(|error| Error::internal("export.cells", error))??)
}

async fn paper(app: &App, export: &Export, release: &Release) -> Result<Vec<u8>> {
    let page = cells(app, export, release, SHEET_ROWS_MAX).await?;
    if page.more {
        return Err(Error::invalid("export.too_long", SHEET_ROWS_MAX.to_string()));
    }
    let stamp = Stamp {
        number: String::new(),
        paper_number: String::new(),
        issuer: export.unit_name.clone(),
        procedure: String::new(),
        on: release.at.date_at(app.packs().current().counting.utc_offset_seconds),
        at: release.at,
        verification: None,
    };
    let (columns, numbers) = header(&page);
    let sheet = Sheet {
        title: export.model_name.clone(),
        notes: release
            .accuracy
            .iter()
            .map(noted)
            .chain([format!("SHA-256 {}", release.csv.digest)])
            .collect(),
        columns,
        numbers,
        rows: page.rows.iter().map(|row| row.iter().map(text).collect()).collect(),
        stamp,
    };
    let _turn = papers::turn(app).await?;
    let printed = tokio::task::spawn_blocking(move || documents::print_sheet(&sheet)).await;
    Ok(printed.map_err(|error| Error::internal("document.engine", error))??.pdf)
}

/// How far a column's noise reaches, in no language.
fn noted(of: &Accuracy) -> String {
    let within = of.within.map_or_else(|| "?".to_owned(), |within| within.to_string());
    format!("{} ± {within}", of.column)
}

async fn chart(app: &App, export: &Export, release: &Release) -> Result<Vec<u8>> {
    let page = cells(app, export, release, documents::CHART_BARS_MAX).await?;
    if page.more {
        return Err(Error::explained("export.no_chart", "too many rows"));
    }
    let (columns, numbers) = header(&page);
    let rows = page.rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let chart = Chart { title: export.model_name.clone(), columns, numbers, rows };
    let _turn = papers::turn(app).await?;
    let drawn = tokio::task::spawn_blocking(move || documents::draw_chart(&chart)).await;
    match drawn.map_err(|error| Error::internal("document.engine", error))? {
        Ok(png) => Ok(png),
        Err(documents::DocumentError::NoChart { what }) => Err(Error::explained("export.no_chart", what)),
        Err(other) => Err(other.into()),
    }
}

/// Names of the columns, and which of them hold numbers.
fn header(page: &Page) -> (Vec<String>, Vec<bool>) {
    use privacy::DataType;
    let columns = page.columns.iter().map(|column| column.name.clone()).collect();
    let is_number = |data_type: DataType| {
        matches!(data_type, DataType::Integer | DataType::Float | DataType::Decimal { .. })
    };
    (columns, page.columns.iter().map(|column| is_number(column.data_type)).collect())
}

fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
