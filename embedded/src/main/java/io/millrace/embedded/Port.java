package io.millrace.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Chooses and checks the ports of 127.0.0.1. */
final class Port {

  static final String HOST = "127.0.0.1";

  private Port() {}

  /**
   * @param wanted 0 for any free port
   * @return a port that was free a moment ago
   * @throws EmbeddedStartException if the wanted port is taken or not allowed
   */
  static int claim(String part, int wanted) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getByName(HOST), wanted));
      return probe.getLocalPort();
    } catch (IOException e) {
      String advice =
          wanted > 0 && wanted < 1024
              ? "Ports below 1024 need special rights: choose a higher one."
              : "Stop the program that listens there, or choose another port for " + part + ".";
      throw new EmbeddedStartException(
          "%s cannot listen on %s:%d: %s. %s".formatted(part, HOST, wanted, e.getMessage(), advice),
          e);
    }
  }
}
