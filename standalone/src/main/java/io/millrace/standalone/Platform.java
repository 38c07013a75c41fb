package io.millrace.standalone;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.EmbeddedPlatformSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ConfigurableApplicationContext;

/** The running platform of this process. Thread-safe. */
public final class Platform implements AutoCloseable {

  /** Contexts start two at a time: more only wait for each other on two cores. */
  private static final int STARTING_AT_ONCE = 3;

  private final CompletableFuture<EmbeddedPlatform> infrastructure = new CompletableFuture<>();
  private final CompletableFuture<Wiring> wiring = new CompletableFuture<>();
  private final Map<Service, ConfigurableApplicationContext> contexts =
      Collections.synchronizedMap(new EnumMap<>(Service.class));
  private final Settings settings;
  private volatile boolean begun;
  private volatile boolean closed;

  /** A platform that is not started yet. It may be closed at any time, also while it starts. */
  public Platform(Settings settings) {
    this.settings = settings;
  }

  /** Hears of each part that is ready. Called from several threads. */
  @FunctionalInterface
  public interface Listener {

    /** A part is ready at an address, so long after its own start began. */
    void ready(String part, String address, Duration took);
  }

  /**
   * What to start.
   *
   * @param home folder of all data
   * @param gatewayPort 0 for a free one
   * @param kafkaPort 0 for a free one
   * @param durable false only for throw-away data of tests
   */
  public record Settings(Path home, int gatewayPort, int kafkaPort, boolean durable) {}

  /** Starts everything; on a failure what was started is stopped again. */
  public Platform start(Listener listener) {
    begun = true;
    try {
      var embedded =
          EmbeddedPlatformSettings.in(settings.home())
              .withPorts(settings.kafkaPort(), 0, 0)
              .withListener(listener::ready);
      infrastructure.complete(
          EmbeddedPlatform.start(settings.durable() ? embedded : embedded.withoutDurability()));
      wiring.complete(
          Wiring.of(
              Wiring.Infrastructure.of(infrastructure.join()),
              settings.gatewayPort(),
              settings.home()));
      startServices(listener);
      return this;
    } catch (RuntimeException | Error e) {
      infrastructure.completeExceptionally(e);
      close();
      throw e;
    }
  }

  private void startServices(Listener listener) {
    var tasks = new ArrayList<Callable<Void>>();
    for (var service : Service.values()) {
      tasks.add(
          () -> {
            var begun = System.nanoTime();
            if (closed) {
              throw new CancellationException("closed while it started");
            }
            contexts.put(service, start(service));
            listener.ready(
                service.module(),
                wiring.join().address(service).getAuthority(),
                Duration.ofNanos(System.nanoTime() - begun));
            return null;
          });
    }
    inParallel(tasks, STARTING_AT_ONCE);
  }

  private ConfigurableApplicationContext start(Service service) {
    var arguments = new ArrayList<>(wiring.join().arguments(service));
    arguments.add("--spring.main.register-shutdown-hook=false");
    arguments.add("--spring.lifecycle.timeout-per-shutdown-phase=5s");
    return service.application().run(arguments.toArray(String[]::new));
  }

  /** The gateway's address. */
  public URI gateway() {
    return wiring.join().address(Service.GATEWAY);
  }

  /** Kafka's bootstrap address. */
  public String kafka() {
    return infrastructure.join().kafkaBootstrap();
  }

  /** The context of a service. */
  public ConfigurableApplicationContext context(Service service) {
    return java.util.Objects.requireNonNull(contexts.get(service), service.module());
  }

  /**
   * Stops the training worker, which still has to release its run; the other services together;
   * then the infrastructure.
   */
  @Override
  public void close() {
    synchronized (contexts) {
      if (closed) {
        return;
      }
      closed = true;
    }
    var others = new ArrayList<>(contexts.values());
    var worker = contexts.get(Service.TRAINING);
    try {
      if (worker != null) {
        others.remove(worker);
        stopTogether(List.of(worker));
      }
      stopTogether(others);
    } finally {
      if (!begun) {
        infrastructure.cancel(false);
      }
      // A start of the infrastructure cannot be cut short, only waited for.
      infrastructure
          .handle((running, failure) -> running)
          .thenAccept(Platform::closeIfStarted)
          .join();
    }
  }

  /**
   * Bounded: one service that does not stop must not keep the infrastructure from stopping well.
   */
  private static void stopTogether(List<ConfigurableApplicationContext> contexts) {
    var tasks =
        contexts.stream()
            .<Callable<Void>>map(
                context ->
                    () -> {
                      context.close();
                      return null;
                    })
            .toList();
    var executor = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory());
    try {
      executor.invokeAll(tasks, 15, java.util.concurrent.TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      executor.shutdownNow();
    }
  }

  private static void closeIfStarted(@Nullable EmbeddedPlatform platform) {
    if (platform != null) {
      platform.close();
    }
  }

  private static void inParallel(List<Callable<Void>> tasks, int atOnce) {
    try (var executor = Executors.newFixedThreadPool(atOnce)) {
      var futures = new ArrayList<Future<Void>>();
      for (var task : tasks) {
        futures.add(executor.submit(task));
      }
      RuntimeException failure = null;
      for (var future : futures) {
        try {
          future.get();
        } catch (ExecutionException e) {
          var cause =
              e.getCause() instanceof RuntimeException known
                  ? known
                  : new IllegalStateException(e.getCause());
          if (failure == null) {
            failure = cause;
            futures.forEach(other -> other.cancel(false));
          } else {
            failure.addSuppressed(cause);
          }
        } catch (CancellationException e) {
          // Another task failed first; its failure is the one to report.
          continue;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("Interrupted while starting or stopping", e);
        }
      }
      if (failure != null) {
        throw failure;
      }
    }
  }
}
