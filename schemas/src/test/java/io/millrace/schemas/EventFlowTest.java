package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelPromoted;
import io.millrace.events.ModelTrained;
import io.millrace.events.PredictionLogged;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainRequested;
import io.millrace.events.TrainingRejected;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class EventFlowTest {

  @Test
  void hasARowForEveryEventOfATopic() {
    assertThat(EventFlow.events())
        .extracting(Class::getName)
        .containsExactlyInAnyOrderElementsOf(
            Topics.all().stream()
                .flatMap(topic -> topic.schemas().stream())
                .map(Schema::getFullName)
                .toList());
  }

  @Test
  void everyEventIsReachedFromAFirstOne() {
    Set<Class<? extends SpecificRecord>> reached = new HashSet<>(EventFlow.first());
    Deque<Class<? extends SpecificRecord>> open = new ArrayDeque<>(reached);
    while (!open.isEmpty()) {
      for (var next : EventFlow.after(open.pop())) {
        if (reached.add(next)) {
          open.push(next);
        }
      }
    }
    assertThat(reached).containsExactlyInAnyOrderElementsOf(EventFlow.events());
  }

  @Test
  void trainingLeadsToAServedModel() {
    assertThat(path(TrainRequested.class, ModelDeployed.class)).isTrue();
    assertThat(path(TrainRequested.class, PredictionLogged.class)).isTrue();
    assertThat(path(TrainingRejected.class, ModelDeployed.class)).isFalse();
    assertThat(EventFlow.mayFollow(ModelPromoted.class, ModelTrained.class)).isFalse();
    assertThat(EventFlow.mayFollow(RunStarted.class, RunStarted.class)).isTrue();
  }

  private static boolean path(
      Class<? extends SpecificRecord> from, Class<? extends SpecificRecord> to) {
    Set<Class<? extends SpecificRecord>> seen = new HashSet<>(Set.of(from));
    Deque<Class<? extends SpecificRecord>> open = new ArrayDeque<>(seen);
    while (!open.isEmpty()) {
      for (var next : EventFlow.after(open.pop())) {
        if (seen.add(next)) {
          open.push(next);
        }
      }
    }
    return seen.contains(to);
  }
}
