package io.millrace.cli;

import io.millrace.cli.Terminal.Style;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Checks whether the standalone platform can run here, and says what to do where it cannot. */
@Command(name = "doctor", description = "Check JDK, memory, disk and ports, and say what to do.")
final class DoctorCommand implements Callable<Integer> {

  private static final long GIB = 1L << 30;
  private static final long MEMORY_NEEDED = 4 * GIB;
  private static final long DISK_NEEDED = 2 * GIB;

  @ParentCommand @Nullable Millrace millrace;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "The gateway's port (default: ${DEFAULT-VALUE}).")
  int port = 8080;

  @Option(
      names = "--kafka-port",
      paramLabel = "PORT",
      description = "Kafka's port (default: ${DEFAULT-VALUE}).")
  int kafkaPort = 9092;

  enum Verdict {
    OK(Style.GREEN),
    WARN(Style.YELLOW),
    FAIL(Style.RED);

    private final Style style;

    Verdict(Style style) {
      this.style = style;
    }
  }

  record Finding(Verdict verdict, String what, String advice) {}

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    var findings = new ArrayList<Finding>();
    findings.add(jdk(Runtime.version()));
    findings.add(processors());
    findings.add(memory());
    findings.add(disk(root.folder().path()));
    var running = root.folder().running();
    if (running.isPresent()) {
      findings.add(
          new Finding(
              Verdict.OK,
              "A platform runs here: process "
                  + running.get().pid()
                  + ", gateway "
                  + running.get().gateway(),
              ""));
    } else {
      findings.add(port("gateway", port, "--port"));
      findings.add(port("Kafka", kafkaPort, "--kafka-port"));
    }
    var terminal = root.terminal();
    for (var finding : findings) {
      terminal.line(
          terminal.styled(finding.verdict().style, "%-4s".formatted(finding.verdict()))
              + "  "
              + finding.what()
              + (finding.advice().isEmpty() ? "" : ". " + finding.advice()));
    }
    return findings.stream().anyMatch(finding -> finding.verdict() == Verdict.FAIL) ? 1 : 0;
  }

  static Finding jdk(Runtime.Version version) {
    var what = "JDK " + version + " in " + System.getProperty("java.home");
    if (version.feature() < 25) {
      return new Finding(Verdict.FAIL, what, "Install a JDK 25 or set JAVA_HOME to one.");
    }
    if (mayStop(version)) {
      return new Finding(
          Verdict.WARN,
          what,
          "Services may stop for ever in it (JDK-8369227): use 25.0.3, 26.0.1 or newer.");
    }
    return new Finding(Verdict.OK, what, "");
  }

  /** Whether a virtual thread may stay parked for ever: the services run on such threads. */
  private static boolean mayStop(Runtime.Version version) {
    int mended =
        switch (version.feature()) {
          case 25 -> 3;
          case 26 -> 1;
          default -> 0;
        };
    return version.interim() == 0 && version.update() < mended;
  }

  private static Finding processors() {
    var count = Runtime.getRuntime().availableProcessors();
    return count >= 2
        ? new Finding(Verdict.OK, count + " processors", "")
        : new Finding(Verdict.WARN, "1 processor", "It works, slowly; two or more are advised.");
  }

  private static Finding memory() {
    if (!(ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system)) {
      return new Finding(Verdict.WARN, "Memory could not be read", "");
    }
    var total = system.getTotalMemorySize();
    var what = "%.1f GiB memory".formatted((double) total / GIB);
    return total >= MEMORY_NEEDED
        ? new Finding(Verdict.OK, what, "")
        : new Finding(Verdict.WARN, what, "4 GiB are advised for everything in one process.");
  }

  private static Finding disk(Path folder) {
    try {
      var existing = folder;
      while (!Files.exists(existing) && existing.getParent() != null) {
        existing = existing.getParent();
      }
      if (!Files.isWritable(existing)) {
        return new Finding(
            Verdict.FAIL, existing + " is not writable", "Set MILLRACE_HOME to a folder that is.");
      }
      var free = Files.getFileStore(existing).getUsableSpace();
      var what = "%.1f GiB free for %s".formatted((double) free / GIB, folder);
      return free >= DISK_NEEDED
          ? new Finding(Verdict.OK, what, "")
          : new Finding(
              Verdict.FAIL,
              what,
              "Free at least 2 GiB, or set MILLRACE_HOME to a folder on another disk.");
    } catch (IOException e) {
      return new Finding(
          Verdict.FAIL, "The disk of " + folder + " cannot be read: " + e.getMessage(), "");
    }
  }

  private static Finding port(String what, int port, String option) {
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return new Finding(Verdict.OK, "Port " + port + " is free for " + what, "");
    } catch (IOException e) {
      return new Finding(
          Verdict.FAIL,
          "Port " + port + " is taken",
          "Stop what listens there, or start with `./millrace up "
              + option
              + " "
              + (port + 10)
              + "`.");
    }
  }
}
