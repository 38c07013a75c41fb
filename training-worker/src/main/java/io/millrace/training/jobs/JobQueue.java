package io.millrace.training.jobs;

import io.millrace.events.RunQueued;
import io.millrace.messaging.WorkQueue;
import io.millrace.messaging.WorkQueues;
import io.millrace.schemas.Topics;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Connects the handler with the queue. */
@Configuration(proxyBeanMethods = false)
class JobQueue {

  @Bean
  WorkQueue trainingQueue(WorkQueues queues, TrainingJobs handler, JobSettings settings) {
    return queues.listen(
        Topics.TRAINING_JOBS, "training-workers", RunQueued.class, handler, settings.concurrency());
  }
}
