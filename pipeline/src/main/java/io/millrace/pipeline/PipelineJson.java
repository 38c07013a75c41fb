package io.millrace.pipeline;

import io.millrace.pipeline.Problem.Code;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The canonical form of a pipeline, which travels in events and lies in the database. */
final class PipelineJson {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private PipelineJson() {}

  static String write(Pipeline pipeline) {
    return MAPPER.writeValueAsString(asMap(pipeline));
  }

  static Pipeline read(String json) {
    List<Problem> problems = new ArrayList<>();
    JsonNode node;
    try {
      node = MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw new InvalidPipeline(
          List.of(new Problem(Code.SYNTAX.text(), "not JSON: " + e.getOriginalMessage(), null)));
    }
    Values values = new Checker(problems, true).file(tree(node));
    if (values == null) {
      throw new InvalidPipeline(problems);
    }
    return Pipeline.of(values);
  }

  private static Tree tree(JsonNode node) {
    if (node.isObject()) {
      Tree.Mapping mapping = Tree.Mapping.empty(0);
      node.forEachEntry((key, item) -> mapping.entries().put(key, tree(item)));
      return mapping;
    }
    if (node.isArray()) {
      List<Tree> items = new ArrayList<>();
      node.forEach(item -> items.add(tree(item)));
      return new Tree.Items(List.copyOf(items), 0);
    }
    return node.isNull() || node.isMissingNode()
        ? new Tree.Nothing(0)
        : new Tree.Scalar(node.asString(), 0);
  }

  /** Maps, lists and scalars in the declared order. */
  static Map<String, Object> asMap(Pipeline pipeline) {
    Map<String, Object> file = new LinkedHashMap<>();
    file.put("name", pipeline.name());
    file.put("dataset", dataset(pipeline.dataset()));
    file.put("validate", Map.of("profile", Words.ofConstant(pipeline.validate().profile())));
    file.put("train", train(pipeline.train()));
    file.put("evaluate", evaluate(pipeline.evaluate()));
    file.put("promote", promote(pipeline.promote()));
    file.put("monitor", monitor(pipeline.monitor()));
    return file;
  }

  private static Map<String, Object> dataset(Pipeline.Dataset dataset) {
    Pipeline.Split split = dataset.split();
    Map<String, Object> shares = new LinkedHashMap<>();
    shares.put("train", split.train());
    shares.put("validation", split.validation());
    shares.put("test", split.test());
    shares.put("stratify", split.stratify());
    shares.put("seed", split.seed());
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", dataset.name());
    Integer number = dataset.version().number();
    map.put("version", number == null ? Keys.LATEST : number);
    map.put("target", dataset.target());
    map.put("split", shares);
    return map;
  }

  private static Map<String, Object> train(Pipeline.Train train) {
    Map<String, Object> resources = new LinkedHashMap<>();
    resources.put("memory", Quantities.text(train.resources().memoryBytes()));
    resources.put("timeout", Quantities.text(train.resources().timeout()));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("trainer", train.trainer());
    map.put("params", train.params());
    map.put("seed", train.seed());
    map.put("resources", resources);
    return map;
  }

  private static Map<String, Object> evaluate(Pipeline.Evaluate evaluate) {
    List<Object> gates = new ArrayList<>();
    for (Gate gate : evaluate.gates()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("metric", gate.metric());
      switch (gate) {
        case Gate.AtLeast atLeast -> map.put("at-least", atLeast.min());
        case Gate.AtMost atMost -> map.put("at-most", atMost.max());
        case Gate.NotWorseThanChampion champion -> {
          map.put("not-worse-than", "champion");
          map.put("by", champion.by());
        }
      }
      gates.add(map);
    }
    Map<String, Object> bootstrap = new LinkedHashMap<>();
    bootstrap.put("resamples", evaluate.bootstrap().resamples());
    bootstrap.put("confidence", evaluate.bootstrap().confidence());
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("gates", gates);
    map.put("slices", evaluate.slices());
    map.put("bootstrap", bootstrap);
    return map;
  }

  private static Map<String, Object> promote(Pipeline.Promote promote) {
    Map<String, Object> approval = new LinkedHashMap<>();
    promote
        .approvals()
        .forEach((name, needed) -> approval.put(name, Map.of("approvers", needed.approvers())));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("environments", promote.environments());
    map.put("approval", approval);
    return map;
  }

  private static Map<String, Object> monitor(Pipeline.Monitor monitor) {
    Map<String, Object> drift = new LinkedHashMap<>();
    drift.put("auto", monitor.drift().auto());
    drift.put("share", monitor.drift().share());
    drift.put("min-rows", monitor.drift().minRows());
    drift.put("threshold", monitor.drift().threshold());
    drift.put("correction", Words.ofConstant(monitor.drift().correction()));
    Map<String, Object> map = new LinkedHashMap<>();
    if (monitor.window() != null) {
      map.put("window", Quantities.text(monitor.window()));
    }
    if (monitor.rows() != null) {
      map.put("rows", monitor.rows());
    }
    map.put("drift", drift);
    map.put("on-drift", Words.ofConstant(monitor.onDrift()));
    return map;
  }
}
