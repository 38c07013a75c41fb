package io.millrace.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server on 127.0.0.1 with its data below {@code postgres/}, as a process of its own
 * that ends with {@link #close()}. Every connection needs the generated password (SCRAM); a
 * committed transaction is on the disk ({@code fsync} and {@code synchronous_commit} are on, unless
 * the settings say that the data is throw-away). The database {@code millrace} exists.
 *
 * <p>If this JVM is killed the server lives on; the next start on the directory finds and stops it
 * first.
 */
public final class EmbeddedPostgres implements AutoCloseable {

  static final String PART = "postgres";

  /** The database that always exists. */
  public static final String DATABASE = "millrace";

  /** The owner of everything. */
  public static final String USER = "millrace";

  private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);
  private static final Duration START_TIMEOUT = Duration.ofSeconds(90);

  private final DataDirectory directory;
  private final PostgresAccount account;
  private final Path programs;
  private final Path data;
  private final int port;
  private final String password;
  private final @Nullable EmbeddedTls tls;
  private boolean closed;

  private EmbeddedPostgres(
      DataDirectory directory,
      PostgresAccount account,
      Path programs,
      Path data,
      int port,
      String password,
      @Nullable EmbeddedTls tls) {
    this.directory = directory;
    this.account = account;
    this.programs = programs;
    this.data = data;
    this.port = port;
    this.password = password;
    this.tls = tls;
  }

  /**
   * Starts the server, after initialising its directory the first time, and returns when it accepts
   * connections.
   *
   * @throws EmbeddedStartException if the port is taken, the directory cannot be used, or
   *     PostgreSQL says why it will not start
   */
  public static EmbeddedPostgres start(EmbeddedPlatformSettings settings) {
    long began = System.nanoTime();
    DataDirectory directory = DataDirectory.hold(settings.dataDirectory(), PART);
    EmbeddedPostgres postgres = null;
    try {
      Path home = directory.child("postgres");
      Path data = home.resolve("data");
      boolean fresh = Files.notExists(data.resolve("PG_VERSION"));
      String password = password(settings.dataDirectory());
      Path programs =
          PostgresBinaries.unpackedIn(
              settings.postgresBinaries() != null ? settings.postgresBinaries() : home);
      Files.createDirectories(data);
      PostgresAccount account = PostgresAccount.of(data, directory.lockFile());
      if (account instanceof PostgresAccount.Other) {
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        account.own(data);
      }
      requireAccess(account, programs, data);
      stopSurvivor(account, programs, data);
      int port = Port.claim("PostgreSQL", settings.postgresPort());
      postgres =
          new EmbeddedPostgres(directory, account, programs, data, port, password, settings.tls());
      if (fresh) {
        postgres.initialise();
      }
      postgres.launch(settings.durable());
      postgres.createDatabase(DATABASE);
      settings
          .listener()
          .ready(PART, Port.HOST + ":" + port, Duration.ofNanos(System.nanoTime() - began));
      return postgres;
    } catch (IOException | RuntimeException | LinkageError e) {
      if (postgres != null) {
        postgres.close();
      }
      directory.close();
      if (e instanceof EmbeddedStartException refused) {
        throw refused;
      }
      throw new EmbeddedStartException(
          "PostgreSQL did not start in %s: %s. Check the free space and the rights of the directory."
              .formatted(settings.dataDirectory().resolve("postgres"), e),
          e);
    }
  }

  /**
   * The kept password of a data directory, generated at the first call (file {@code
   * postgres.credentials}, mode 0600).
   */
  public static String password(Path dataDirectory) {
    Map<String, String> kept =
        SecretFile.readOrCreate(
            dataDirectory.resolve("postgres.credentials"),
            Map.of("user", USER, "password", SecretFile.random()));
    return kept.getOrDefault("password", "");
  }

  /** Port on 127.0.0.1. */
  public int port() {
    return port;
  }

  /** {@code jdbc:postgresql://127.0.0.1:port/millrace}, without user and password. */
  public String jdbcUrl() {
    return jdbcUrl(DATABASE);
  }

  /** {@code r2dbc:postgresql://127.0.0.1:port/millrace}, without user and password. */
  public String r2dbcUrl() {
    return r2dbcUrl(DATABASE);
  }

  String jdbcUrl(String database) {
    return "jdbc:postgresql://" + Port.HOST + ":" + port + "/" + database;
  }

  String r2dbcUrl(String database) {
    return "r2dbc:postgresql://" + Port.HOST + ":" + port + "/" + database;
  }

  /** The owner of everything. */
  public String user() {
    return USER;
  }

  /** The generated password. */
  public String password() {
    return password;
  }

  /** Process id of the server's first process (the postmaster), for tests that kill it. */
  public long pid() {
    return postmasterPid(data);
  }

  /** Creates an empty database unless it is there already. */
  public void createDatabase(String name) {
    if (!name.matches("[a-z][a-z0-9_]{0,62}")) {
      throw new IllegalArgumentException("not a plain database name: " + name);
    }
    try (Connection connection = DriverManager.getConnection(jdbcUrl("postgres"), login());
        Statement statement = connection.createStatement()) {
      var found =
          statement.executeQuery("select 1 from pg_database where datname = '" + name + "'");
      if (!found.next()) {
        statement.execute("create database " + name);
      }
    } catch (SQLException e) {
      if ("28P01".equals(e.getSQLState())) {
        throw new EmbeddedStartException(
            "PostgreSQL refuses the password in %s: it is not the one the data was made with. Restore that file from a backup."
                .formatted(directory.path().resolve("postgres.credentials")),
            e);
      }
      throw new EmbeddedStartException(
          "The database %s could not be created on %s:%d: %s"
              .formatted(name, Port.HOST, port, e.getMessage()),
          e);
    }
  }

  private Properties login() {
    Properties login = new Properties();
    login.put("user", USER);
    login.put("password", password);
    if (tls != null) {
      login.put("sslmode", "verify-full");
      login.put("sslrootcert", tls.authority().toString());
      login.put("sslkey", tls.keyStore().toString());
      login.put("sslpassword", tls.password());
    }
    return login;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      stop(account, programs, data);
      directory.close();
    }
  }

  private void initialise() throws IOException {
    Path passwordFile = Files.createTempFile(data.resolveSibling(""), "initial", ".password");
    try {
      Files.writeString(passwordFile, password + "\n", UTF_8);
      account.own(passwordFile);
      run(
          "initialise its directory",
          account,
          START_TIMEOUT,
          List.of(
              programs.resolve("bin/initdb").toString(),
              "--pgdata=" + data,
              "--username=" + USER,
              "--pwfile=" + passwordFile,
              "--auth=scram-sha-256",
              "--encoding=UTF8",
              "--locale-provider=builtin",
              "--locale=C",
              "--builtin-locale=C.UTF-8",
              "--no-instructions"));
    } catch (EmbeddedStartException e) {
      // initdb leaves a half-made directory only if it was killed; PG_VERSION must not make it look
      // whole.
      Files.deleteIfExists(data.resolve("PG_VERSION"));
      throw e;
    } finally {
      Files.deleteIfExists(passwordFile);
    }
  }

  private void launch(boolean durable) throws IOException {
    Path output = data.resolve("server.log");
    if (Files.exists(output)) {
      Files.move(output, data.resolve("server.previous.log"), StandardCopyOption.REPLACE_EXISTING);
    }
    String disk = durable ? "on" : "off";
    List<String> options = new ArrayList<>();
    for (String option :
        List.of(
            "port=" + port,
            "listen_addresses=" + Port.HOST,
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=256MB",
            "fsync=" + disk,
            "synchronous_commit=" + disk,
            "full_page_writes=" + disk,
            "jit=off",
            "log_timezone=UTC",
            "timezone=UTC")) {
      options.add("-c " + option);
    }
    if (tls != null) {
      for (String option : protect(tls)) {
        options.add("-c " + option);
      }
    }
    try {
      run(
          "start",
          account,
          START_TIMEOUT.plusSeconds(5),
          List.of(
              programs.resolve("bin/pg_ctl").toString(),
              "start",
              "--pgdata=" + data,
              "--wait",
              "--timeout=" + START_TIMEOUT.toSeconds(),
              "--silent",
              "--log=" + output,
              "--options=" + String.join(" ", options)));
    } catch (EmbeddedStartException e) {
      throw new EmbeddedStartException(e.getMessage() + lastLines(output), e);
    }
  }

  /** Copies the certificates to where the server's account reads them; the options for them. */
  private List<String> protect(EmbeddedTls protection) throws IOException {
    Path rules = data.resolve("pg_hba.tls.conf");
    Files.writeString(
        rules, "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n", UTF_8);
    account.own(rules);
    Map<String, Path> files =
        Map.of(
            "tls.crt", protection.certificate(),
            "tls.key", protection.key(),
            "ca.crt", protection.authority());
    for (Map.Entry<String, Path> file : files.entrySet()) {
      Path copy = data.resolve(file.getKey());
      Files.copy(file.getValue(), copy, StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
      account.own(copy);
    }
    return List.of(
        "hba_file=" + rules,
        "ssl=on",
        "ssl_cert_file=tls.crt",
        "ssl_key_file=tls.key",
        "ssl_ca_file=ca.crt");
  }

  private static void requireAccess(PostgresAccount account, Path programs, Path data)
      throws IOException {
    if (account instanceof PostgresAccount.Self) {
      return;
    }
    Path program = programs.resolve("bin/postgres");
    Path output = Files.createTempFile("millrace-postgres", ".log");
    try {
      List<String> probe =
          List.of(
              "sh",
              "-c",
              "test -x \"$1\" && test -w \"$2\"",
              "sh",
              program.toString(),
              data.toString());
      if (exitCode(account.command(probe), output, Duration.ofSeconds(10)) != 0) {
        throw new EmbeddedStartException(
            "PostgreSQL must not run as root, and without root's rights it cannot reach %s: a folder on the way is closed to others. Open it (chmod o+x), choose another data directory, or start as an ordinary account."
                .formatted(data));
      }
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /** Stops the server, if there is one, of a data directory that no live process holds. */
  static void stopSurvivor(Path dataDirectory, Path binaries) throws IOException {
    Path data = dataDirectory.resolve("postgres/data");
    if (Files.exists(data.resolve("postmaster.pid"))) {
      PostgresAccount account = PostgresAccount.of(data, dataDirectory.resolve(PART + ".lock"));
      stopSurvivor(account, PostgresBinaries.unpackedIn(binaries), data);
    }
  }

  /** A server that outlived its JVM still holds the data and perhaps the port. */
  private static void stopSurvivor(PostgresAccount account, Path programs, Path data)
      throws IOException {
    Path pidFile = data.resolve("postmaster.pid");
    if (Files.notExists(pidFile)) {
      return;
    }
    long pid = postmasterPid(data);
    ProcessHandle process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive).orElse(null);
    if (process == null) {
      return; // PostgreSQL removes the stale file itself, and first makes sure that no child is
      // left.
    }
    String commandLine = process.info().commandLine().orElse("");
    if (commandLine.contains(data.toString())) {
      log.info("PostgreSQL {} of an earlier, killed process still runs: stopping it", pid);
      stop(account, programs, data);
    } else {
      log.info("process id {} in {} now belongs to another program: file removed", pid, pidFile);
      Files.deleteIfExists(pidFile);
    }
  }

  private static void stop(PostgresAccount account, Path programs, Path data) {
    for (String mode : List.of("fast", "immediate")) {
      if (Files.notExists(data.resolve("postmaster.pid"))) {
        return;
      }
      try {
        run(
            "stop",
            account,
            Duration.ofSeconds(15),
            List.of(
                programs.resolve("bin/pg_ctl").toString(),
                "stop",
                "--pgdata=" + data,
                "--mode=" + mode,
                "--wait",
                "--timeout=10",
                "--silent"));
        return;
      } catch (EmbeddedStartException | IOException e) {
        log.warn("{}", e.getMessage());
      }
    }
    ProcessHandle.of(postmasterPid(data))
        .filter(process -> process.info().commandLine().orElse("").contains(data.toString()))
        .ifPresent(ProcessHandle::destroyForcibly);
  }

  private static long postmasterPid(Path data) {
    try (var lines = Files.lines(data.resolve("postmaster.pid"))) {
      return lines.findFirst().map(String::strip).map(Long::parseLong).orElse(-1L);
    } catch (IOException | NumberFormatException e) {
      return -1;
    }
  }

  private static void run(
      String purpose, PostgresAccount account, Duration timeout, List<String> command)
      throws IOException {
    Path output = Files.createTempFile("millrace-postgres", ".log");
    try {
      int exit = exitCode(account.command(command), output, timeout);
      if (exit != 0) {
        throw new EmbeddedStartException(
            "PostgreSQL could not %s (status %d).%s".formatted(purpose, exit, lastLines(output)));
      }
    } finally {
      Files.deleteIfExists(output);
    }
  }

  private static int exitCode(List<String> command, Path output, Duration timeout)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(Path.of("/").toFile());
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("LC_ALL", "C");
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        return -1;
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  private static String lastLines(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      List<String> last =
          lines.subList(Math.max(0, lines.size() - 8), lines.size()).stream()
              .filter(line -> !line.isBlank())
              .toList();
      return last.isEmpty() ? "" : "\n  " + String.join("\n  ", last);
    } catch (IOException e) {
      return "";
    }
  }
}
