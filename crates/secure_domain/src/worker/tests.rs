use std::path::PathBuf;
use std::time::Duration;

use privacy::disclosure::dp::{Cost, Unit};
use privacy::masking::MaskSpec;
use privacy::{DataType, SensitiveKind};
use serde_json::json;
use zeroize::Zeroizing;

use super::*;
use crate::client::ZoneClient;
use crate::fixture::{County, id, object, zone_key, zone_keys};
use crate::protocol::*;

const LIMIT: Duration = Duration::from_secs(60);

fn init(county: &County, zone: ZoneKind) -> Init {
    let tables = match zone {
        ZoneKind::Intake | ZoneKind::Ledger => Vec::new(),
        ZoneKind::Dev => county.twins.clone(),
        ZoneKind::Prod => county.tables.clone(),
    };
    Init {
        version: VERSION,
        zone,
        tenant: id(1),
        objects_dir: county.path(),
        keys: zone_keys(),
        mask_key: Some(Secret::new(Zeroizing::new([9; 32]))),
        tables,
        pages: Vec::new(),
        limits: Limits::default(),
    }
}

async fn start(
    county: &County,
    init: &Init,
) -> (ZoneClient, tokio::task::JoinHandle<Result<(), Error>>, PathBuf) {
    let path = county.path().join(format!("{:x}.sock", rand::random::<u32>()));
    let serving = path.clone();
    let worker = tokio::spawn(async move { serve(&serving).await });
    while !path.exists() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (ZoneClient::connect(&path, init).await.unwrap(), worker, path)
}

async fn ask(client: &ZoneClient, request: Request) -> Result<Reply, Error> {
    client.ask(None, request, &[], LIMIT).await.map(|(reply, _)| reply)
}

fn query(sql: &str) -> Request {
    Request::Query(Box::new(QueryOrder {
        sql: sql.to_owned(),
        parameters: Vec::new(),
        values: Default::default(),
        rows_max: 10,
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dev_worker_answers_side_by_side_and_ends_with_its_connection() {
    let county = County::new();
    let (client, worker, path) = start(&county, &init(&county, ZoneKind::Dev)).await;
    // One connection, and the door is shut.
    assert!(!path.exists());
    client.ping().await.unwrap();
    let asks = (0..50).map(|n| {
        let client = client.clone();
        async move { ask(&client, query(&format!("SELECT count(*) + {n} AS n FROM visits"))).await.unwrap() }
    });
    for (n, reply) in futures::future::join_all(asks).await.into_iter().enumerate() {
        let Reply::Page(page) = reply else { panic!() };
        assert_eq!(page.rows, [vec![json!(4_000 + n)]]);
    }
    let error = ask(&client, query("SELECT * FROM nowhere")).await.unwrap_err();
    assert_eq!(error.code(), "domain.sql");
    let order = Request::Run(Box::new(county.order(90, "SELECT 1", &[], Vec::new())));
    assert_eq!(ask(&client, order).await.unwrap_err().code(), "domain.wrong_zone");
    drop(client);
    tokio::time::timeout(LIMIT, worker).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_and_a_dead_worker_are_noticed() {
    let county = County::new();
    let (client, worker, _) = start(&county, &init(&county, ZoneKind::Dev)).await;
    client.shutdown().await.unwrap();
    worker.await.unwrap().unwrap();
    assert_eq!(client.ping().await.unwrap_err().code(), "domain.closed");
    assert!(client.is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_cannot_open_says_why() {
    let county = County::new();
    let mut wrong_key = init(&county, ZoneKind::Prod);
    wrong_key.keys = vec![zone_key("data", 66)];
    let mut wrong_version = init(&county, ZoneKind::Prod);
    wrong_version.version = 0;
    for (init, code) in [(wrong_key, "vault.open"), (wrong_version, "domain.protocol")] {
        let path = county.path().join(format!("{code}.sock"));
        let serving = path.clone();
        let worker = tokio::spawn(async move { serve(&serving).await });
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(ZoneClient::connect(&path, &init).await.err().map(|error| error.code()), Some(code));
        assert_eq!(worker.await.unwrap().unwrap_err().code(), code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_query_can_be_cancelled() {
    let county = County::new();
    let (client, _worker, _) = start(&county, &init(&county, ZoneKind::Dev)).await;
    let slow = query(
        "SELECT sum(a.cost + c.cost) FROM visits a JOIN visits b ON a.station = b.station JOIN visits c ON b.station = c.station",
    );
    let error = client.ask(None, slow, &[], Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(error.code(), "domain.no_answer");
    // The worker is free again at once.
    tokio::time::timeout(Duration::from_secs(10), ask(&client, query("SELECT 1"))).await.unwrap().unwrap();
}

/// The whole way of data: delivered file → holding tenant → grant → twin → dev query; run → review → canonical → lookup.
#[tokio::test(flavor = "multi_thread")]
async fn from_a_delivered_file_to_a_served_answer() {
    let county = County::new();
    let (intake, _w1, _) = start(&county, &init(&county, ZoneKind::Intake)).await;
    let mut csv = String::from("id_number,region,amount\n");
    for n in 0..900 {
        csv.push_str(&format!("A{:04},{},{}\n", n % 300, ["east", "west"][n % 2], n));
    }
    intake.ask(None, Request::Upload { upload: 5 }, csv.as_bytes(), LIMIT).await.unwrap();
    let order = IntakeOrder {
        upload: 5,
        format: IntakeFormat::Csv(CsvFormat::default()),
        columns: Vec::new(),
        strict: false,
        into: object(30, "data"),
    };
    let Reply::Intake(taken) = ask(&intake, Request::Intake(Box::new(order))).await.unwrap() else {
        panic!()
    };
    assert_eq!((taken.written.rows, taken.encoding.as_str()), (900, "utf-8"));

    let (prod, _w2, _) = start(&county, &init(&county, ZoneKind::Prod)).await;
    let order = GrantOrder {
        from: object(30, "data"),
        from_key: zone_key("data", 7),
        digest: taken.written.digest,
        columns: ["amount", "region", "id_number"].map(str::to_owned).to_vec(),
        into: object(31, "data"),
    };
    let Reply::Sample(granted) = ask(&prod, Request::Grant(Box::new(order))).await.unwrap() else { panic!() };
    let table = granted_table(&granted);
    let (dev_table, twin) = make_twin(&prod, &table, &granted).await;
    let rows = twin.written.unwrap().rows;
    assert!((180..360).contains(&rows), "three tenths of nine hundred, not {rows}");
    assert!(twin.examined.publishable() && twin.examined.report.is_some());

    let mut dev = init(&county, ZoneKind::Dev);
    dev.tables = vec![dev_table];
    dev.keys = vec![zone_key("dev", 44)];
    let (dev, _w3, _) = start(&county, &dev).await;
    let Reply::Page(page) = ask(&dev, query("SELECT count(*), max(id_number) FROM amounts")).await.unwrap()
    else {
        panic!()
    };
    assert!(page.rows[0][1].as_str().unwrap().starts_with('~'));

    ask(&prod, Request::Tables { tables: vec![table.clone()] }).await.unwrap();
    run_and_serve(&county, &prod, &table, &granted).await;
}

fn granted_table(granted: &SampleDone) -> TableSpec {
    use privacy::ir::{Entity, Label};
    let labels = [Label::Sensitive, Label::Public, Label::Identifier];
    TableSpec {
        name: "amounts".to_owned(),
        resource: id(31),
        snapshot: id(31),
        object: object(31, "data"),
        rows: granted.written.rows,
        columns: granted
            .columns
            .iter()
            .zip(labels)
            .map(|(column, label)| ColumnSpec {
                name: column.name.clone(),
                data_type: column.data_type,
                label: Some(label),
                declared: privacy::ir::Declared::default(),
            })
            .collect(),
        entity: Some(Entity {
            kind: "person".to_owned(),
            columns: vec!["id_number".to_owned()],
            protected: true,
        }),
        declared: privacy::ir::Rows::default(),
        consent: None,
        added: Vec::new(),
    }
}

async fn make_twin(prod: &ZoneClient, table: &TableSpec, granted: &SampleDone) -> (TableSpec, TwinDone) {
    let column = |name: &str, mask| TwinColumn { name: name.to_owned(), kind: SensitiveKind::General, mask };
    let token = MaskSpec::Format { kind: SensitiveKind::General };
    let mut order = TwinOrder {
        table: table.clone(),
        digest: granted.written.digest,
        columns: vec![
            column("id_number", MaskSpec::Keep),
            column("region", MaskSpec::Keep),
            column("amount", MaskSpec::Round { step: 10 }),
        ],
        entity: table.entity.clone().unwrap(),
        form: catalog::TwinForm::Synthetic,
        sample_per_mille: 300,
        cost: Cost { unit: Unit::MicroRho, micro: 1_000_000 },
        limits: privacy::attack::Limits::default(),
        into: object(32, "dev"),
        into_key: zone_key("dev", 44),
        mask_key: None,
        shared_key: Secret::new(Zeroizing::new([8; 32])),
    };
    let refused = ask(prod, Request::Twin(Box::new(order.clone()))).await.unwrap_err();
    assert_eq!(refused.code(), "domain.order_mismatch");
    order.columns[0].mask = token;
    let Reply::Twin(twin) = ask(prod, Request::Twin(Box::new(order))).await.unwrap() else { panic!() };
    let mut dev_table = table.clone();
    dev_table.object = object(32, "dev");
    let worked: Vec<_> = twin.examined.report.iter().flat_map(|report| report.succeeded()).collect();
    assert!(twin.examined.publishable(), "{worked:?} {:?}", twin.examined.memorisation);
    dev_table.rows = twin.written.unwrap().rows;
    dev_table.columns = twin
        .columns
        .iter()
        .map(|column| ColumnSpec {
            name: column.name.clone(),
            data_type: column.data_type,
            label: None,
            declared: privacy::ir::Declared::default(),
        })
        .collect();
    (dev_table, *twin)
}

async fn run_and_serve(county: &County, prod: &ZoneClient, table: &TableSpec, granted: &SampleDone) {
    let output = |name: &str, data_type| OutputColumn { name: name.to_owned(), data_type };
    let sql = "SELECT region, count(*) AS n, sum(amount) AS total FROM amounts GROUP BY region";
    let columns = vec![
        output("region", DataType::Text),
        output("n", DataType::Integer),
        output("total", DataType::Integer),
    ];
    let mut order = county.order(33, sql, &[], columns);
    order.inputs = vec![InputPin {
        table: table.name.clone(),
        snapshot: table.snapshot,
        object: table.object.object,
        digest: granted.written.digest,
        edition: None,
    }];
    let Reply::Counted(counted) = ask(prod, Request::Run(Box::new(order.clone()))).await.unwrap() else {
        panic!()
    };
    assert!(counted.draft.is_some());
    // The ledger's zone has no tables, and gives its word; who holds raw data does not.
    let (ledger, _worker, _) = start(county, &init(county, ZoneKind::Ledger)).await;
    let assess = AssessOrder {
        release: "run".to_owned(),
        cells: order.draft.clone(),
        pages: 0,
        thresholds: order.thresholds,
    };
    let misplaced = ask(prod, Request::Assess(Box::new(assess.clone()))).await.unwrap_err();
    assert_eq!(misplaced.code(), "domain.wrong_zone");
    assert_eq!(ask(&ledger, query("SELECT 1")).await.unwrap_err().code(), "domain.wrong_zone");
    let Reply::Ledger(word) = ask(&ledger, Request::Assess(Box::new(assess))).await.unwrap() else {
        panic!()
    };
    let few = ConcludeOrder { run: order.run, verdicts: Vec::new() };
    let conclude = ConcludeOrder { run: order.run, verdicts: word.verdicts };
    // A word on another result ends the run: nothing leaves without one.
    let mismatch = ask(prod, Request::Conclude(Box::new(few))).await.unwrap_err();
    assert_eq!(mismatch.code(), "domain.order_mismatch");
    let gone = ask(prod, Request::Conclude(Box::new(conclude.clone()))).await.unwrap_err();
    assert_eq!(gone.code(), "domain.unknown");
    std::fs::remove_file(crate::objects::object_path(&county.path(), order.draft.object)).unwrap();
    ask(prod, Request::Run(Box::new(order.clone()))).await.unwrap();
    let Reply::Run(done) = ask(prod, Request::Conclude(Box::new(conclude))).await.unwrap() else { panic!() };
    assert_eq!((done.report.cells, done.report.passed), (2, 2));
    let again = ask(prod, Request::Run(Box::new(order))).await.unwrap_err();
    assert_eq!(again.code(), "domain.order_used");
    let read = PageOrder { object: object(33, "result"), offset: 1, limit: 1 };
    let Reply::Page(page) = ask(prod, Request::ReadResult(Box::new(read))).await.unwrap() else { panic!() };
    assert_eq!((page.rows.len(), page.more), (1, false));
    let rebuild = CanonicalOrder {
        object: object(33, "result"),
        digest: done.written.digest,
        format: CanonicalFormat::Csv,
    };
    let (reply, body) = prod.ask(None, Request::Canonical(Box::new(rebuild)), &[], LIMIT).await.unwrap();
    assert!(matches!(reply, Reply::Bytes { rows: 2, .. }));
    assert_eq!(&body[..], b"region,n,total\neast,450,202050\nwest,450,202500\n");
    let load = ServeOrder {
        handle: "p".to_owned(),
        object: object(33, "result"),
        key_columns: vec!["region".to_owned()],
    };
    ask(prod, Request::ServeLoad(Box::new(load))).await.unwrap();
    let lookup = LookupOrder { handle: "p".to_owned(), key: vec!["west".to_owned()] };
    let Reply::Page(page) = ask(prod, Request::Lookup(Box::new(lookup))).await.unwrap() else { panic!() };
    assert_eq!(page.rows, [vec![json!("west"), json!(450), json!(202_500)]]);
}
