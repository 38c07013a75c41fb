package io.millrace.embedded;

/**
 * An empty database of its own.
 *
 * @param name its name
 * @param jdbcUrl without user and password
 * @param r2dbcUrl without user and password
 * @param user owner
 * @param password the owner's
 */
public record FreshDatabase(
    String name, String jdbcUrl, String r2dbcUrl, String user, String password) {}
