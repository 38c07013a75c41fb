package io.millrace.artifact.datasets;

import io.millrace.datasets.Schema;
import io.millrace.datasets.TableSummary;

/** What some bytes are as a table. */
record ContentTable(long rows, Schema schema, TableSummary summary) {}
