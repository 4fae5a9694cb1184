"""What speaks against a link: where it stands, the words before it, tools that any model uses."""

import re
from collections.abc import Callable

from hubtrace.ingest.evidence.markdown import Link
from hubtrace.ingest.evidence.owners import owners_agree

TOOLS = frozenset(
    {
        "arcee-ai/mergekit",
        "artidoro/qlora",
        "autogptq/autogptq",
        "automatic1111/stable-diffusion-webui",
        "axolotl-ai-cloud/axolotl",
        "bigscience-workshop/petals",
        "bitsandbytes-foundation/bitsandbytes",
        "casper-hansen/autoawq",
        "comfyanonymous/comfyui",
        "dao-ailab/flash-attention",
        "deepspeedai/deepspeed",
        "dottxt-ai/outlines",
        "eleutherai/lm-evaluation-harness",
        "facebookresearch/xformers",
        "ggerganov/ggml",
        "ggerganov/llama.cpp",
        "ggml-org/ggml",
        "ggml-org/llama.cpp",
        "google/sentencepiece",
        "gradio-app/gradio",
        "guidance-ai/guidance",
        "hiyouga/llama-efficient-tuning",
        "hiyouga/llama-factory",
        "huggingface/accelerate",
        "huggingface/alignment-handbook",
        "huggingface/datasets",
        "huggingface/diffusers",
        "huggingface/huggingface_hub",
        "huggingface/lighteval",
        "huggingface/optimum",
        "huggingface/peft",
        "huggingface/pytorch-image-models",
        "huggingface/safetensors",
        "huggingface/setfit",
        "huggingface/text-embeddings-inference",
        "huggingface/text-generation-inference",
        "huggingface/tokenizers",
        "huggingface/transformers",
        "huggingface/transformers.js",
        "huggingface/trl",
        "intel/intel-extension-for-transformers",
        "intel/neural-compressor",
        "internlm/lmdeploy",
        "internlm/xtuner",
        "jmorganca/ollama",
        "langchain-ai/langchain",
        "lightning-ai/litgpt",
        "lightning-ai/pytorch-lightning",
        "lostruins/koboldcpp",
        "marella/ctransformers",
        "microsoft/deepspeed",
        "microsoft/lora",
        "microsoft/onnxruntime",
        "ml-explore/mlx",
        "ml-explore/mlx-examples",
        "ml-explore/mlx-lm",
        "mlc-ai/mlc-llm",
        "modelscope/modelscope",
        "modelscope/ms-swift",
        "modelscope/swift",
        "mosaicml/composer",
        "neuralmagic/sparseml",
        "nvidia/apex",
        "nvidia/megatron-lm",
        "nvidia/nemo",
        "nvidia/tensorrt",
        "nvidia/tensorrt-llm",
        "ollama/ollama",
        "onnx/onnx",
        "oobabooga/text-generation-webui",
        "open-compass/opencompass",
        "openaccess-ai-collective/axolotl",
        "openai/evals",
        "openai/tiktoken",
        "panqiwei/autogptq",
        "pytorch/pytorch",
        "pytorch/torchtune",
        "pytorch/vision",
        "rasbt/litgpt",
        "sgl-project/sglang",
        "tensorflow/tensor2tensor",
        "tensorflow/tensorflow",
        "theroyallab/tabbyapi",
        "timdettmers/bitsandbytes",
        "tloen/alpaca-lora",
        "turboderp-org/exllamav2",
        "turboderp-org/exllamav3",
        "turboderp/exllama",
        "turboderp/exllamav2",
        "ukplab/sentence-transformers",
        "unslothai/unsloth",
        "vllm-project/llm-compressor",
        "vllm-project/vllm",
        "wandb/wandb",
        "withcatai/node-llama-cpp",
        "xenova/transformers.js",
    }
)
"""`owner/name` in lower case."""


_ACKNOWLEDGEMENT = re.compile(
    r"acknowledg|credits?\b|thanks|inspir|appreciat|致谢|鸣谢|感谢|related (?:work|project|repo)|"
    r"awesome|see also|further reading|resources",
    re.IGNORECASE,
)
_CITATION = re.compile(r"\b(?:citations?|cite|citing|references|bibtex)\b|引用", re.IGNORECASE)
_COMPARISON = re.compile(
    r"\b(?:evaluat|benchmark|comparison|compar|baseline|leaderboard|results?\b|performance)",
    re.IGNORECASE,
)
_LICENCE = re.compile(r"\b(?:licen[cs]e|licensing|terms of use)\b", re.IGNORECASE)
_COMMUNITY = re.compile(
    r"communit|third[- ]part|ecosystem|downstream|derived|derivative|showcase|built (?:with|on)|"
    r"projects? (?:using|based)|who (?:is )?us|adopt|other (?:models|quant|versions)|gguf by|"
    r"quantized by|生态|社区",
    re.IGNORECASE,
)
_INSPIRED = re.compile(
    r"\b(?:inspired by|thanks (?:to|for)|thank|credits? (?:to|goes)|credit:|kudos|borrow\w*|"
    r"adapted from|modified from|based (?:up)?on|built (?:up)?on|build (?:up)?on|"
    r"derived from|similar to|like|alternative to|compared (?:to|with)|forked from|"
    r"follow\w* (?:the )?|references? (?:from|to)|acknowledge|grateful)\W*(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_MADE_WITH = re.compile(
    r"\b(?:using|used|use|with|via|by|through|powered by|support(?:ed|s)? (?:by|in)|install|"
    r"requires?|compatible with|run(?:s|ning)? (?:on|in))\W*(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)


def in_card(link: Link, variant: str, repository: str) -> str | None:
    """Return what speaks against a link from a card to a repository; None if nothing does."""
    if is_tool_of_others(variant, repository):
        return "tooling"
    own = owners_agree(variant.partition("/")[0], repository.partition("/")[0])
    for reason, rule in (
        ("acknowledgement", _thanked),
        ("citation", _under(_CITATION)),
        ("comparison", _under(_COMPARISON)),
        ("licence", _licensed),
    ):
        if rule(link):
            return reason
    if not own and _MADE_WITH.search(link.before):
        return "made_with"
    return _form(link)


def in_readme(link: Link, repository: str, variant: str) -> str | None:
    """Return what speaks against a link from a README to a variant; None if nothing does."""
    own = owners_agree(variant.partition("/")[0], repository.partition("/")[0])
    for reason, rule in (
        ("acknowledgement", _thanked),
        ("citation", _under(_CITATION)),
        ("community", _under(_COMMUNITY)),
        ("comparison", _under(_COMPARISON)),
    ):
        if rule(link) and not (own and reason != "acknowledgement"):
            return reason
    if not own:
        return "other_owner"
    return _form(link)


def is_tool_of_others(variant: str, repository: str) -> bool:
    """Return True for a tool, unless the variant is of the tool's makers."""
    if repository.lower() not in TOOLS:
        return False
    return not owners_agree(variant.partition("/")[0], repository.partition("/")[0])


def _thanked(link: Link) -> bool:
    return _under(_ACKNOWLEDGEMENT)(link) or bool(_INSPIRED.search(link.before))


def _licensed(link: Link) -> bool:
    named = f"{link.text} {link.url.rpartition('/')[2]}"
    return bool(_LICENCE.search(named)) or _under(_LICENCE)(link)


def _under(pattern: re.Pattern[str]) -> Callable[[Link], bool]:
    """Return whether the innermost heading, or the one over it, is of this kind."""

    def rule(link: Link) -> bool:
        return any(pattern.search(heading) for heading in link.headings[1:][-2:])

    return rule


def _form(link: Link) -> str | None:
    if link.code:
        return "code_block"
    return "badge" if link.image else None
