# pandas as a peer: masks a Parquet file in chunks, vectorised, in as many processes as asked for, each with row groups and
# a file of its own. Prints one JSON object: milliseconds, rows, and the largest resident memory of all processes together.
import hashlib
import json
import multiprocessing
import resource
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

KEY = "0123456789abcdef"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = np.array(list("10X98765432"))


def drawn(column):
    """A keyed number of 64 bits for each value; pandas has no faster one."""
    return pd.util.hash_array(column.to_numpy(dtype=object), hash_key=KEY, categorize=False)


def numbers(ids, hashes):
    """Another birth date and sequence, and the check digit."""
    days = np.datetime64("1940-01-01") + (hashes % np.uint64(25000)).astype(np.int64)
    months = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (days - months).astype(np.int64) + 1
    sequence = (hashes // np.uint64(25000) % np.uint64(1000)).astype(np.int64)
    region = ids.str[:6].astype(np.int64).to_numpy()
    body = region * 10**11 + (year * 10000 + month * 100 + day) * 1000 + sequence
    total = sum(body // 10 ** (16 - place) % 10 * weight for place, weight in enumerate(WEIGHTS))
    return np.char.add(body.astype("U17"), CHECKS[total % 11])


def mask(frame):
    hashes = drawn(frame["id_card"])
    shift = (hashes >> np.uint64(40)) % np.uint64(60)
    shift = shift.astype(np.int64) - 30
    shift[shift >= 0] += 1
    # 2026-01-01: everybody born in or before a year has had the birthday, or has it on that day.
    born = pd.to_datetime(frame["born"])
    day = (born.dt.month == 1) & (born.dt.day == 1)
    age = 2026 - born.dt.year - (~day).astype(np.int64)
    low = np.minimum(age // 10 * 10, 90)
    cost = frame["cost"].to_numpy()
    change = pd.util.hash_array(cost, hash_key=KEY) % np.uint64(100001)
    mobile = frame["mobile"]
    return {
        "id_card": numbers(frame["id_card"], hashes),
        "insured": ["~" + hashlib.sha256(b"secret" + value.encode()).hexdigest()[:20] for value in frame["insured"]],
        "mobile": (mobile.str[:3] + "****" + mobile.str[7:]).where(mobile.str.len() == 11, "***********"),
        "born": ((2026 - low).to_numpy() - 1970).astype("datetime64[Y]").astype("datetime64[D]"),
        "visited": pd.to_datetime(frame["visited"]).to_numpy().astype("datetime64[D]") + shift,
        "cost": cost * (1 + (change.astype(np.float64) - 50000) / 1e6),
        "income": frame["income"].clip(12000, 300000).to_numpy(),
        "longitude": np.floor(frame["longitude"].to_numpy() / 0.01) * 0.01 + 0.005,
    }


def work(task):
    source, target, number, processes = task
    file = pq.ParquetFile(source)
    writer, rows = None, 0
    for group in range(number, file.num_row_groups, processes):
        for batch in file.iter_batches(batch_size=65536, row_groups=[group]):
            table = pa.table(mask(batch.to_pandas()))
            writer = writer or pq.ParquetWriter(
                f"{target}.{number}.parquet", table.schema, compression="zstd", compression_level=1
            )
            writer.write_table(table, row_group_size=262144)
            rows += table.num_rows
    if writer:
        writer.close()
    return rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    source, target, processes = sys.argv[1], sys.argv[2], int(sys.argv[3])
    start = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        done = pool.map(work, [(source, target, number, processes) for number in range(processes)], chunksize=1)
    millis = (time.perf_counter() - start) * 1e3
    rows, peak = sum(rows for rows, _ in done), sum(peak for _, peak in done)
    print(json.dumps({"millis": millis, "rows": rows, "peak_kib": peak}))
