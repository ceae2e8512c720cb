// The page with all videos.
import { dropEmpty } from "./keys.js";

dropEmpty(document.querySelector("form.browse"), null);
