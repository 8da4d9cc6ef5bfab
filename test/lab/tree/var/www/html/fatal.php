<?php
// Ends with an uncaught exception: a 500 of the application, no fault of the services.
throw new RuntimeException('the application failed');
