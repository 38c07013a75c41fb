package io.millrace.inference.models;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.artifacts.ArtifactCache.Copy;
import io.millrace.artifacts.ArtifactCache.Pin;
import io.millrace.artifacts.ArtifactCorrupt;
import io.millrace.artifacts.ArtifactRefused;
import io.millrace.artifacts.ArtifactUnavailable;
import io.millrace.artifacts.InvalidArtifactUri;
import io.millrace.artifacts.packages.ModelPackages;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.OnnxScorer;
import io.millrace.modelpackage.PackageException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Reconciles the served models with the desired states: download, verify, load, warm, swap,
 * publish. Endpoints proceed in parallel; changes of one endpoint are applied in order, and one
 * that a newer change overtakes is skipped. A package that cannot be loaded changes nothing: the
 * version before is served on.
 */
@Component
class Rollout implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(Rollout.class);

  /** Between downloads, each of which retries by itself for a while. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final ModelTable table;
  private final ModelPackages packages;
  private final DeploymentEvents events;
  private final ServingSettings settings;
  private final MeterRegistry meters;
  private final Map<Endpoint, Turn> turns = new ConcurrentHashMap<>();
  private final Map<Endpoint, Pin> served = new ConcurrentHashMap<>();

  /**
   * Packages that are desired, loaded or not: a replica that starts must find them in the cache.
   */
  private final Map<Endpoint, Pin> desired = new ConcurrentHashMap<>();

  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();

  Rollout(
      ModelTable table,
      ModelPackages packages,
      DeploymentEvents events,
      ServingSettings settings,
      MeterRegistry meters) {
    this.table = table;
    this.packages = packages;
    this.events = events;
    this.settings = settings;
    this.meters = meters;
  }

  /** Pending changes of one endpoint. Guarded by itself. */
  private static final class Turn {
    private @Nullable Wanted newest;
    private boolean working;
    private long seen;
    private CompletableFuture<Void> settled = CompletableFuture.completedFuture(null);
  }

  /**
   * Takes note of a desired state and returns at once; one that is not newer than what was seen is
   * ignored.
   *
   * @return completes when this or a newer state was served, withdrawn or refused for the first
   *     time
   */
  CompletableFuture<Void> want(Wanted wanted) {
    Turn turn = turns.computeIfAbsent(wanted.endpoint(), endpoint -> new Turn());
    synchronized (turn) {
      boolean withdrawal = wanted.version() == null;
      if (withdrawal ? wanted.revision() < turn.seen : wanted.revision() <= turn.seen) {
        log.debug("Ignoring revision {} of {}", wanted.revision(), wanted.endpoint());
        return turn.settled;
      }
      turn.seen = wanted.revision();
      turn.newest = wanted;
      pin(desired, wanted);
      if (!turn.working) {
        turn.working = true;
        turn.settled = new CompletableFuture<>();
        CompletableFuture<Void> settled = turn.settled;
        workers.execute(() -> work(wanted.endpoint(), turn, settled));
      }
      turn.notifyAll();
      return turn.settled;
    }
  }

  private void pin(Map<Endpoint, Pin> pins, Wanted wanted) {
    unpin(pins.put(wanted.endpoint(), packages.pin(wanted.packageSha256())));
  }

  private static void unpin(@Nullable Pin pin) {
    if (pin != null) {
      pin.close();
    }
  }

  /** Newest revision seen of an endpoint, 0 for none. */
  long seen(Endpoint endpoint) {
    Turn turn = turns.get(endpoint);
    if (turn == null) {
      return 0;
    }
    synchronized (turn) {
      return turn.seen;
    }
  }

  private void work(Endpoint endpoint, Turn turn, CompletableFuture<Void> settled) {
    try {
      while (true) {
        Wanted wanted;
        synchronized (turn) {
          wanted = turn.newest;
          turn.newest = null;
          if (wanted == null) {
            turn.working = false;
            settled.complete(null);
            return;
          }
        }
        apply(wanted, turn, settled);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      settled.complete(null);
    } catch (RuntimeException | Error e) {
      synchronized (turn) {
        turn.working = false;
      }
      settled.complete(null);
      log.error("Rolling out {} broke", endpoint, e);
    }
  }

  private void apply(Wanted wanted, Turn turn, CompletableFuture<Void> settled)
      throws InterruptedException {
    Endpoint endpoint = wanted.endpoint();
    Integer version = wanted.version();
    if (version == null) {
      table.withdraw(endpoint);
      unpin(served.remove(endpoint));
      log.info("{} is served no more", endpoint);
      return;
    }
    Integer before = table.at(endpoint).map(ServedModel::version).orElse(null);
    long patienceEnds = System.nanoTime() + settings.downloadPatience().toNanos();
    boolean told = false;
    while (true) {
      try {
        ServedModel model = load(wanted, version);
        table.serve(model);
        pin(served, wanted);
        count(endpoint, "deployed");
        log.info("{} serves version {} (revision {})", endpoint, version, wanted.revision());
        events.deployed(wanted, version, before);
        return;
      } catch (ArtifactUnavailable | ArtifactRefused | UncheckedIOException e) {
        log.warn("Package of {} version {}: {}", endpoint, version, e.getMessage());
        if (!told && System.nanoTime() > patienceEnds) {
          told = true;
          count(endpoint, "package-unavailable");
          events.failed(
              wanted,
              version,
              "package-unavailable",
              e.getMessage()
                  + "; is the artifact service up? It is tried again every "
                  + settings.retryInterval().toSeconds()
                  + " s",
              before);
          settled.complete(null);
        }
      } catch (Refused e) {
        count(endpoint, e.reason);
        log.error("{} version {} cannot be served: {}", endpoint, version, e.getMessage());
        events.failed(wanted, version, e.reason, String.valueOf(e.getMessage()), before);
        return;
      }
      if (overtaken(turn, told ? settings.retryInterval() : PAUSE)) {
        return;
      }
    }
  }

  /** Waits; returns true as soon as a newer desired state arrives. */
  private static boolean overtaken(Turn turn, Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    synchronized (turn) {
      while (turn.newest == null) {
        long left = Duration.ofNanos(end - System.nanoTime()).toMillis();
        if (left <= 0) {
          return false;
        }
        turn.wait(left);
      }
      return true;
    }
  }

  private ServedModel load(Wanted wanted, int version) throws Refused, InterruptedException {
    try (Copy<ModelPackage> downloaded = download(wanted)) {
      return warm(wanted, version, downloaded.content());
    }
  }

  private Copy<ModelPackage> download(Wanted wanted) throws Refused, InterruptedException {
    try {
      return packages.open(
          wanted.packageUri(), wanted.packageSha256(), settings.maxPackageSize().toBytes());
    } catch (PackageException | ArtifactCorrupt | InvalidArtifactUri e) {
      throw new Refused("package-corrupt", e);
    }
  }

  private static ServedModel warm(Wanted wanted, int version, ModelPackage fetched) throws Refused {
    OnnxScorer scorer;
    try {
      scorer = OnnxScorer.open(fetched);
    } catch (PackageException e) {
      throw new Refused("load-failed", e);
    }
    try {
      return ServedModel.warm(wanted.endpoint(), version, wanted.revision(), scorer);
    } catch (RuntimeException e) {
      scorer.close();
      throw new Refused("warm-up-failed", e);
    }
  }

  private void count(Endpoint endpoint, String outcome) {
    meters
        .counter(
            "inference.rollouts",
            "model",
            endpoint.model(),
            "environment",
            endpoint.environment(),
            "outcome",
            outcome)
        .increment();
  }

  @Override
  public void destroy() {
    workers.shutdownNow();
    for (ServedModel model : table.all()) {
      table.withdraw(model.endpoint());
    }
  }

  /** The version cannot be served, now or later. */
  private static final class Refused extends Exception {

    private static final long serialVersionUID = 1L;

    private final String reason;

    Refused(String reason, RuntimeException cause) {
      super(cause.getMessage(), cause);
      this.reason = reason;
    }
  }
}
