/**
 * A real Kafka broker, PostgreSQL and S3 endpoint under one data directory, in this JVM or each in
 * its own.
 */
@NullMarked
package io.millrace.embedded;

import org.jspecify.annotations.NullMarked;
