package io.millrace.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Chooses and checks the ports of 127.0.0.1. */
public final class Port {

  static final String HOST = "127.0.0.1";

  // Below the range from which systems give ports to outgoing connections: a port from that range,
  // free now, may be taken by
  // some client before its server has started.
  private static final int LOWEST_FREE = 15_000;
  private static final int HIGHEST_FREE = 32_000;
  private static final int ATTEMPTS = 200;

  private Port() {}

  /**
   * Finds the port a part may listen on.
   *
   * @param part its name, for the message
   * @param wanted 0 for any free port
   * @return a port that was free a moment ago
   * @throws EmbeddedStartException if the wanted port is taken or not allowed
   */
  public static int claim(String part, int wanted) {
    if (wanted == 0) {
      return anyFree(part);
    }
    try {
      probe(wanted);
      return wanted;
    } catch (IOException e) {
      String advice =
          wanted < 1024
              ? "Ports below 1024 need special rights: choose a higher one."
              : "Stop the program that listens there, or choose another port for " + part + ".";
      throw new EmbeddedStartException(
          "%s cannot listen on %s:%d: %s. %s".formatted(part, HOST, wanted, e.getMessage(), advice),
          e);
    }
  }

  private static int anyFree(String part) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int candidate = ThreadLocalRandom.current().nextInt(LOWEST_FREE, HIGHEST_FREE);
      try {
        probe(candidate);
        return candidate;
      } catch (IOException e) {
        // Taken: try another.
      }
    }
    throw new EmbeddedStartException(
        "No free port for %s was found on %s between %d and %d: name one."
            .formatted(part, HOST, LOWEST_FREE, HIGHEST_FREE));
  }

  private static void probe(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral(HOST), port));
    }
  }
}
