package io.millrace.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** {@link EmbeddedMain} in a JVM of its own. */
final class ChildProcess implements AutoCloseable {

  private final Process process;
  private final Map<String, String> addresses = new TreeMap<>();
  private final List<String> said = new ArrayList<>();

  private ChildProcess(Process process) {
    this.process = process;
  }

  /** Starts it and returns when it is ready or has ended. */
  static ChildProcess run(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            EmbeddedMain.class.getName()));
    command.addAll(List.of(arguments));
    ChildProcess child =
        new ChildProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
    BufferedReader output = child.process.inputReader();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      child.said.add(line);
      if (line.equals("ready")) {
        break;
      }
      String[] words = line.split(" ");
      if (words[0].equals("ready")) {
        child.addresses.put(words[1], words[2]);
      }
    }
    return child;
  }

  String address(String part) {
    String address = addresses.get(part);
    if (address == null) {
      throw new IllegalStateException(part + " is not ready: " + said);
    }
    return address;
  }

  String said() {
    return String.join("\n", said);
  }

  Process process() {
    return process;
  }

  /** {@code kill -9}. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
