package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.ViewType;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Keyset;
import io.millrace.tracking.search.OrderKey;
import io.millrace.tracking.search.SearchToken;
import io.millrace.tracking.search.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PostMapping;

/** MLflow's search of runs. */
@MlflowApi
class RunSearchEndpoints {

  private static final int DEFAULT_PAGE = 1000;
  private static final int LARGEST_PAGE = 50_000;

  private final RunSearch search;

  RunSearchEndpoints(RunSearch search) {
    this.search = search;
  }

  @PostMapping("/runs/search")
  RunMessages.Found search(MlflowMessage message) {
    List<ExperimentId> experiments = experiments(message);
    String filterText = message.textOrEmpty("filter");
    List<String> orderTexts = message.texts("order_by");
    Filter filter = Vocabulary.RUNS.filter(filterText);
    List<OrderKey> order = Vocabulary.RUNS.order(orderTexts);
    ViewType view = message.constant("run_view_type", ViewType.class).orElse(ViewType.ACTIVE_ONLY);
    long most = message.int64("max_results").orElse((long) DEFAULT_PAGE);
    if (most < 1 || most > LARGEST_PAGE) {
      throw message.outOfRange("max_results");
    }
    RunQuery query = RunQuery.of(experiments, view, filter, order);
    String asked = "runs %s %s %s %s".formatted(query.experiments(), view, filterText, orderTexts);
    List<Keyset.Type> types = new ArrayList<>(new RunSql(query).keyset().types());
    types.add(Keyset.Type.WHOLE);
    RunSearch.Place after =
        SearchToken.parse(message.textOrEmpty("page_token"), asked, types)
            .map(RunSearchEndpoints::place)
            .orElse(null);
    if (experiments.isEmpty()) {
      return new RunMessages.Found(List.of(), null);
    }
    RunSearch.Found found = search.find(query, after, (int) most);
    return new RunMessages.Found(
        found.runs(), found.next() == null ? null : token(asked, found.next()));
  }

  private static RunSearch.Place place(List<@Nullable Object> values) {
    int last = values.size() - 1;
    return new RunSearch.Place(
        values.subList(0, last), values.get(last) instanceof Long clause ? clause : -1);
  }

  private static String token(String asked, RunSearch.Place place) {
    List<@Nullable Object> values = new ArrayList<>(place.values());
    values.add(place.clause());
    return SearchToken.after(asked, values);
  }

  private static List<ExperimentId> experiments(MlflowMessage message) {
    return message.texts("experiment_ids").stream().map(ExperimentId::parse).toList();
  }
}
