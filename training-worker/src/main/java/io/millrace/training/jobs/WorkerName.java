package io.millrace.training.jobs;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.UUID;

/** Names a worker so that no other has the name. */
final class WorkerName {

  private WorkerName() {}

  static String make() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      host = "localhost";
    }
    return "%s-%d-%s"
        .formatted(
            host, ProcessHandle.current().pid(), UUID.randomUUID().toString().substring(0, 4));
  }
}
