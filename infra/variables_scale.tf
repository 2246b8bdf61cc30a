# The number of tasks by load, and the alarms that watch them.

variable "tasks_min" {
  description = "Lowest number of tasks that autoscaling keeps. Set it together with tasks_max."
  type        = number
  default     = null

  validation {
    condition     = var.tasks_min == null || try(contains(range(1, 11), var.tasks_min), false)
    error_message = "invalid tasks_min: expected a whole number from 1 to 10."
  }
}

variable "tasks_max" {
  description = "Highest number of tasks to which autoscaling goes. With it, desired_count only stops the service (0) or lets it run."
  type        = number
  default     = null

  validation {
    condition     = var.tasks_max == null || try(contains(range(1, 11), var.tasks_max) && var.tasks_max >= coalesce(var.tasks_min, 1), false)
    error_message = "invalid tasks_max: expected a whole number from tasks_min to 10."
  }

  validation {
    condition     = (var.tasks_min == null) == (var.tasks_max == null)
    error_message = "invalid tasks_min and tasks_max: expected both or neither."
  }
}

variable "running_tasks" {
  description = "Number of tasks that autoscaling chose last, which an apply keeps. Set by deploy; without it an apply returns to tasks_min."
  type        = number
  default     = null

  validation {
    condition     = var.running_tasks == null || try(var.running_tasks >= 0 && floor(var.running_tasks) == var.running_tasks, false)
    error_message = "invalid running_tasks: expected a whole number."
  }
}

variable "alarm_email" {
  description = "Address that alarms write to. AWS first sends it a link to confirm. Without an address there are no alarms; once there was one, remove it with \"\". Charged by alarm."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || var.alarm_email == "" || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "invalid alarm_email: expected an address, such as ops@example.com."
  }
}

variable "dashboard" {
  description = "Creates a dashboard of CloudWatch. An account has three for free, each further one is charged."
  type        = bool
  default     = false
  nullable    = false
}
