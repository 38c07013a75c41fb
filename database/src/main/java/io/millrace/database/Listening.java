package io.millrace.database;

import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running LISTEN on one channel; closing it ends its connection and its thread. */
public final class Listening implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Listening.class);
  private static final long FIRST_PAUSE = 100;
  private static final long LONGEST_PAUSE = 5_000;

  private final Database database;
  private final String channel;
  private final Consumer<String> listener;
  private final Thread thread;
  private volatile boolean stopped;

  Listening(Database database, String channel, Consumer<String> listener) {
    this.database = database;
    this.channel = channel;
    this.listener = listener;
    this.thread = Thread.ofVirtual().name("listen-" + channel).start(this::run);
  }

  private void run() {
    long pause = FIRST_PAUSE;
    while (!stopped) {
      try (Session session = database.openSession()) {
        CountDownLatch lost = new CountDownLatch(1);
        session.listen(channel, listener, lost::countDown);
        listener.accept("");
        pause = FIRST_PAUSE;
        lost.await();
      } catch (InterruptedException interrupted) {
        return;
      } catch (RuntimeException failure) {
        if (!stopped) {
          log.debug("Listening on {}: {}", channel, failure.getMessage());
        }
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException interrupted) {
        return;
      }
      pause = Math.min(LONGEST_PAUSE, pause * 2);
    }
  }

  @Override
  public void close() {
    stopped = true;
    thread.interrupt();
  }
}
