# DuckDB as a peer: reads one JSON object with a statement per line, answers one with the time it took.
import json
import sys
import time

import duckdb

connection = duckdb.connect()
connection.execute(f"SET threads = {int(sys.argv[1])}")
connection.execute("SET enable_progress_bar = false")  # it would be printed between the answers
connection.sql("SELECT 1").to_arrow_table()  # loads what Arrow needs before anything is timed
print(json.dumps({"version": duckdb.__version__}), flush=True)
for line in sys.stdin:
    sql = json.loads(line)["sql"]
    try:
        start = time.perf_counter()
        # A query is lazy until it is fetched; anything else is executed here. Rows are fetched as columns, as the other
        # engines answer: Python objects per row would cost more than some queries.
        result = connection.sql(sql)
        rows = 0 if result is None else result.to_arrow_table().num_rows
        answer = {"millis": (time.perf_counter() - start) * 1e3, "rows": rows}
    except Exception as error:
        answer = {"error": str(error).splitlines()[0]}
    print(json.dumps(answer), flush=True)
