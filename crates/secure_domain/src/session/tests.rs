use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType as ArrowType, Field, Schema};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use privacy::DataType;

use crate::Error;
use crate::bench::BenchTables;
use crate::guard::plan_query;
use crate::protocol::Limits;

/// Columns of TPC-H: texts unless marked (`#` integer, `.` decimal, `@` date).
const TPCH: [(&str, &str); 8] = [
    ("part", "#p_partkey p_name p_mfgr p_brand p_type #p_size p_container .p_retailprice p_comment"),
    ("supplier", "#s_suppkey s_name s_address #s_nationkey s_phone .s_acctbal s_comment"),
    ("partsupp", "#ps_partkey #ps_suppkey #ps_availqty .ps_supplycost ps_comment"),
    ("customer", "#c_custkey c_name c_address #c_nationkey c_phone .c_acctbal c_mktsegment c_comment"),
    (
        "orders",
        "#o_orderkey #o_custkey o_orderstatus .o_totalprice @o_orderdate o_orderpriority o_clerk #o_shippriority o_comment",
    ),
    (
        "lineitem",
        "#l_orderkey #l_partkey #l_suppkey #l_linenumber .l_quantity .l_extendedprice .l_discount .l_tax l_returnflag \
         l_linestatus @l_shipdate @l_commitdate @l_receiptdate l_shipinstruct l_shipmode l_comment",
    ),
    ("nation", "#n_nationkey n_name #n_regionkey n_comment"),
    ("region", "#r_regionkey r_name r_comment"),
];

fn field(column: &str) -> Field {
    let (data_type, name) = match column.split_at(1) {
        ("#", name) => (DataType::Integer, name),
        (".", name) => (DataType::Decimal { precision: 15, scale: 2 }, name),
        ("@", name) => (DataType::Date, name),
        _ => (DataType::Text, column),
    };
    Field::new(name, data_type.to_arrow(), true)
}

/// However large the tables, none of the 22 queries pairs all rows with all.
#[tokio::test(flavor = "multi_thread")]
async fn tpch_passes_the_guard_against_joins_of_all_pairs() {
    let dir = tempfile::tempdir().unwrap();
    let mut tables = BenchTables::new(dir.path());
    for (name, columns) in TPCH {
        let schema = Arc::new(Schema::new(columns.split_whitespace().map(field).collect::<Vec<_>>()));
        let arrays = schema.fields().iter().map(|field| new_null_array(field.data_type(), 20_000)).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
        tables.add(name, &schema, std::iter::once(batch)).unwrap();
    }
    let engine = tables.sealed(Limits::default()).unwrap();
    let session = &engine.session;
    let physical = async |sql: &str| {
        let plan = plan_query(session, sql.to_owned(), Default::default()).await?;
        session.physical(&plan).await.map_err(super::Fault::spoken)
    };
    let queries: Vec<_> = include_str!("tpch.sql").split(';').filter(|sql| !sql.trim().is_empty()).collect();
    assert_eq!(queries.len(), 22);
    for (number, sql) in (1..).zip(queries) {
        physical(sql).await.unwrap_or_else(|error| panic!("query {number}: {error}"));
    }
    for sql in [
        "SELECT sum(s_acctbal) FROM part, supplier, orders",
        "SELECT count(*) FROM orders a JOIN orders b ON a.o_orderdate < b.o_orderdate",
        "SELECT * FROM part p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.o_totalprice > p.p_retailprice)",
    ] {
        let error = physical(sql).await.unwrap_err();
        assert!(matches!(error, Error::Refused(_)) && error.code() == "domain.all_pairs", "{sql}: {error}");
    }
}

/// Returns its number and counts the rows it was computed for.
#[derive(Debug)]
struct Costly(Arc<AtomicUsize>, Signature);

impl PartialEq for Costly {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Costly {}

impl std::hash::Hash for Costly {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl ScalarUDFImpl for Costly {
    fn name(&self) -> &'static str {
        "costly"
    }

    fn signature(&self) -> &Signature {
        &self.1
    }

    fn return_type(&self, _: &[ArrowType]) -> Result<ArrowType> {
        Ok(ArrowType::Int64)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let _before = self.0.fetch_add(args.number_rows, Ordering::SeqCst);
        Ok(args.args.remove(0))
    }
}

/// `costly(n)`, which counts the rows it is computed for.
pub(super) fn costly(rows: &Arc<AtomicUsize>) -> ScalarUDF {
    let signature = Signature::exact(vec![ArrowType::Int64], Volatility::Immutable);
    ScalarUDF::new_from_impl(Costly(Arc::clone(rows), signature))
}
